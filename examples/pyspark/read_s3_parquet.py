from pyspark.sql import SparkSession

spark = SparkSession.builder \
        .appName("Read S3 Parquet") \
        .getOrCreate()

# Reading Parquet files partitioned by year, month, day, and hour
df = spark.read.parquet("s3a://my-bucket/year=*/month=*/day=*/hour=*")

df.printSchema()
df.show(5)
