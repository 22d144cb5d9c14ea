import type * as ast from './ast.ts';
import { unreachable } from './ast.ts';
import type { Catalog } from './catalog.ts';

/** The first stream, in the order of the text, that a query reads; null if it reads tables alone, and so ends. */
export function streamOf(query: ast.Query, catalog: Catalog): ast.FromItem | null {
  switch (query.kind) {
    case 'select':
      return streamIn(query.from, catalog);
    case 'setOperation':
      return streamOf(query.left, catalog) ?? streamOf(query.right, catalog);
    case 'values':
      return null;
    default:
      return unreachable(query);
  }
}

/** As of a query, of what stands in FROM. */
export function streamIn(item: ast.FromItem, catalog: Catalog): ast.FromItem | null {
  switch (item.kind) {
    case 'relation': {
      const view = catalog.view(item.name);
      if (view) return catalog.within(view, () => streamOf(view.query, catalog)) && item;
      return catalog.find(item.name).rows ? null : item;
    }
    case 'subquery':
      return streamOf(item.query, catalog);
    case 'tableFunction':
      return item;
    case 'join':
      return streamIn(item.left, catalog) ?? streamIn(item.right, catalog);
    default:
      return unreachable(item);
  }
}
