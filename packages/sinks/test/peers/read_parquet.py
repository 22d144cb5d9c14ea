"""Prints the schema and the rows of a Parquet file as pyarrow reads them."""
import json
import sys

import pyarrow.parquet as pq

file = pq.ParquetFile(sys.argv[1])
rows = [{name: None if value is None else str(value) for name, value in row.items()} for row in file.read().to_pylist()]
group = file.metadata.row_group(0)
statistics = {}
for at in range(group.num_columns):
    column = group.column(at)
    if column.statistics is not None and column.statistics.has_min_max:
        statistics[column.path_in_schema] = [str(column.statistics.min), str(column.statistics.max)]
json.dump(
    {
        "types": {field.name: str(field.type) for field in file.schema_arrow},
        "groups": file.metadata.num_row_groups,
        "rows": rows,
        "statistics": statistics,
    },
    sys.stdout,
)
