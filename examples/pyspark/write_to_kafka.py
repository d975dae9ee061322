from read_s3_parquet import df

from pyspark.sql.functions import to_json, struct

# Assuming df is the processed DataFrame
df_to_kafka = df.select(to_json(struct("*")).alias("value"))

df_to_kafka.write \
        .format("kafka") \
        .option("kafka.bootstrap.servers", "localhost:9092") \
        .option("topic", "processed-topic") \
        .save()
