// Declaration of the S3 source connector. Level 6.
#include "config/properties.h"
#include "connectors/s3/plugins.h"
#include "connectors/s3/source_config.h"
#include "connectors/s3/source_task.h"

namespace bywash::connectors::s3 {

plugin::SourcePlugin s3_source() {
  plugin::SourcePlugin p;
  p.info.name = "s3_source";
  p.info.class_names = {"io.confluent.connect.s3.source.S3SourceConnector"};
  p.info.version = "2.6.14";
  p.info.summary = "Reads Parquet, Avro, JSON and byte files of an S3 bucket or a local folder into topics.";
  p.info.description =
      "`mode=RESTORE_BACKUP` (the default) reads back what the S3 sink wrote, whatever its partitioner: records go to the topic and partition that their "
      "object's name says, objects in the order of their first offsets, with the keys and headers that lie beside the values. `mode=GENERIC` reads any "
      "objects under `topics.dir` into topics by `topic.regex.list`, in the order of their last changes.\n\nNew objects are looked for every "
      "`s3.poll.interval.ms`. The connector's offsets name each object with the number of its records that are in the topic (`GET "
      "/connectors/<name>/offsets`); an object that is done is not read again. Delivery is at least once: after a crash the last records of an object may "
      "come twice. Give the topics as many partitions as they had. `store.url=file:///folder` reads a local folder.";
  p.info.examples = {
      R"({"connector.class": "io.confluent.connect.s3.source.S3SourceConnector", "s3.bucket.name": "my-bucket", "s3.region": "us-east-1",
"format.class": "io.confluent.connect.s3.format.avro.AvroFormat"})",
      R"({"connector.class": "io.confluent.connect.s3.source.S3SourceConnector", "mode": "GENERIC", "s3.bucket.name": "my-bucket", "topics.dir": "incoming",
"topic.regex.list": "orders:.*/orders-.*\\.json", "format.class": "io.confluent.connect.s3.format.json.JsonFormat"})"};
  p.def = s3_source_config().def();
  p.task_configs = [](const plugin::Properties& properties, int max_tasks) -> Result<std::vector<plugin::Properties>> {
    std::vector<plugin::Properties> out(static_cast<size_t>(std::max(1, max_tasks)), properties);
    for (size_t i = 0; i < out.size(); ++i) {
      out[i][kSourceTaskNumber] = std::to_string(i);
      out[i][kSourceTaskCount] = std::to_string(out.size());
    }
    return out;
  };
  p.make = [](const plugin::Properties& properties) -> Result<std::unique_ptr<plugin::SourceTask>> {
    ASSIGN_OR_RETURN(S3SourceConfig config, s3_source_config().parse(properties));
    // White space counts here, as in the sink.
    if (auto separator = properties.find("format.bytearray.separator"); separator != properties.end()) config.bytearray_separator = separator->second;
    return make_s3_source_task(std::move(config), nullptr);
  };
  return p;
}

}  // namespace bywash::connectors::s3
