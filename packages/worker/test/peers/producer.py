"""Sends ratings to a delivery stream as the tutorial's producer does: boto3, one put_record after the other, json.dumps without
a line end. Knows nothing of rowtime: AWS_ENDPOINT_URL_FIREHOSE is in its environment."""

import json
import sys
import time

import boto3

client = boto3.client("firehose", region_name="us-east-1")
captains = ["Jean-Luc Picard", "Kathryn Janeway", "Turanga Leela"]
for i in range(int(sys.argv[1])):
    rating = {"user": f"user {i}", "favoritecaptain": captains[i % 3], "rating": i % 1000, "timestamp": time.time()}
    client.put_record(DeliveryStreamName="captains-kfh", Record={"Data": json.dumps(rating)})
replies = client.put_record_batch(
    DeliveryStreamName="captains-kfh",
    Records=[{"Data": json.dumps({"favoritecaptain": captains[0], "rating": 1})} for _ in range(100)],
)
print(replies["FailedPutCount"], client.describe_delivery_stream(DeliveryStreamName="captains-kfh")["DeliveryStreamDescription"]["DeliveryStreamStatus"])
