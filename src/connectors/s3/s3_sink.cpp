// Declaration of the S3 sink connector. Level 6.
#include "connectors/s3/plugins.h"
#include "connectors/s3/s3_config.h"
#include "connectors/s3/s3_sink_task.h"

namespace bywash::connectors::s3 {

plugin::SinkPlugin s3_sink() {
  plugin::SinkPlugin p;
  p.info.name = "s3_sink";
  p.info.class_names = {"io.confluent.connect.s3.S3SinkConnector"};
  p.info.version = "12.1.9";
  p.info.summary = "Delivers topics as Parquet, JSON or byte files to an S3 bucket or a local folder.";
  p.info.description =
      "Each topic partition's records go into files under a path that the partitioner makes, and files end by record count (`flush.size`), "
      "record time (`rotate.interval.ms`), wall clock (`rotate.schedule.interval.ms`) or a change of schema (`schema.compatibility`). Object "
      "names carry topic, partition and first offset, so that a restart writes the same objects again. Offsets are committed when the objects "
      "are durable.\n\n`store.url=file:///folder` writes to a local folder. The endpoint of an S3-compatible store is `store.url`, else "
      "`AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` of the environment. JSON without schema is written as Parquet too: its schema is inferred "
      "per file.";
  p.info.examples = {
      R"({"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": "orders", "s3.bucket.name": "my-bucket", "s3.region": "us-east-1",
"format.class": "io.confluent.connect.s3.format.parquet.ParquetFormat", "flush.size": "10000", "storage.class": "io.confluent.connect.s3.storage.S3Storage",
"partitioner.class": "io.confluent.connect.storage.partitioner.TimeBasedPartitioner", "path.format": "'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH",
"partition.duration.ms": "3600000", "locale": "en_US", "timezone": "UTC", "timestamp.extractor": "Record", "rotate.interval.ms": "600000"})",
      R"({"connector.class": "io.confluent.connect.s3.S3SinkConnector", "topics": "orders", "store.url": "file:///var/lib/orders",
"format.class": "io.confluent.connect.s3.format.json.JsonFormat", "flush.size": "1000"})"};
  p.def = s3_sink_config().def();
  p.check_start = [](const plugin::Properties& properties) -> Status {
    ASSIGN_OR_RETURN(S3SinkConfig config, read_s3_sink(properties));
    return check_schedule(config);
  };
  p.make = [](const plugin::Properties& properties) -> Result<std::unique_ptr<plugin::SinkTask>> {
    ASSIGN_OR_RETURN(S3SinkConfig config, read_s3_sink(properties));
    return make_s3_sink_task(std::move(config), nullptr);
  };
  return p;
}

}  // namespace bywash::connectors::s3
