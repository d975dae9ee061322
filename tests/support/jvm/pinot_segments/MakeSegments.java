// Makes the segments that pinot_segment_test.cpp reads, by Apache Pinot's own writer: one .tar.gz for each encoding. See the README beside them.
import java.io.File;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import org.apache.pinot.common.utils.TarCompressionUtils;
import org.apache.pinot.segment.local.segment.creator.impl.SegmentIndexCreationDriverImpl;
import org.apache.pinot.segment.local.segment.readers.GenericRowRecordReader;
import org.apache.pinot.segment.spi.creator.SegmentGeneratorConfig;
import org.apache.pinot.segment.spi.creator.SegmentVersion;
import org.apache.pinot.spi.config.table.TableConfig;
import org.apache.pinot.spi.data.Schema;
import org.apache.pinot.spi.data.readers.GenericRow;
import org.apache.pinot.spi.utils.JsonUtils;

public class MakeSegments {
  static final int ROWS = 1200;
  static final String[] RAW = {"small", "big", "f", "d", "ok", "at", "word", "note", "doc", "bin", "dec", "tags", "reals", "words"};

  static final String SCHEMA = "{\"schemaName\":\"rows\",\"enableColumnBasedNullHandling\":true,\"dimensionFieldSpecs\":["
      + "{\"name\":\"id\",\"dataType\":\"INT\"},{\"name\":\"small\",\"dataType\":\"INT\"},{\"name\":\"big\",\"dataType\":\"LONG\"},"
      + "{\"name\":\"f\",\"dataType\":\"FLOAT\"},{\"name\":\"d\",\"dataType\":\"DOUBLE\"},{\"name\":\"ok\",\"dataType\":\"BOOLEAN\"},"
      + "{\"name\":\"word\",\"dataType\":\"STRING\"},{\"name\":\"note\",\"dataType\":\"STRING\",\"maxLength\":2000000},{\"name\":\"doc\",\"dataType\":\"JSON\"},"
      + "{\"name\":\"bin\",\"dataType\":\"BYTES\"},{\"name\":\"tags\",\"dataType\":\"INT\",\"singleValueField\":false},"
      + "{\"name\":\"reals\",\"dataType\":\"DOUBLE\",\"singleValueField\":false},{\"name\":\"words\",\"dataType\":\"STRING\",\"singleValueField\":false}],"
      + "\"metricFieldSpecs\":[{\"name\":\"dec\",\"dataType\":\"BIG_DECIMAL\"}],"
      + "\"dateTimeFieldSpecs\":[{\"name\":\"at\",\"dataType\":\"TIMESTAMP\",\"format\":\"TIMESTAMP\",\"granularity\":\"1:MILLISECONDS\"}]}";

  static List<GenericRow> rows(boolean huge) {
    List<GenericRow> out = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      GenericRow row = new GenericRow();
      row.putValue("id", i);
      row.putValue("small", i % 7 - 3);
      row.putValue("big", i * 1000000007L - 5);
      row.putValue("f", i / 4.0f);
      row.putValue("d", i * 0.1);
      row.putValue("ok", i % 3 == 0 ? 1 : 0);
      row.putValue("at", 1700000000000L + i * 1000L);
      row.putValue("word", "w" + i % 50 + "é".repeat(i % 5));
      row.putValue("note", i == 1134 && huge ? "y".repeat(1500000) : "note " + i + " " + "x".repeat(i % 23));
      row.putValue("doc", "{\"v\":" + i + "}");
      row.putValue("bin", ("b" + "\0z".repeat(i % 4)).getBytes(StandardCharsets.UTF_8));
      row.putValue("dec", new BigDecimal(i - 600).movePointLeft(2));
      Integer[] tags = new Integer[i % 4 + 1];
      Double[] reals = new Double[i % 3 + 1];
      for (int k = 0; k < tags.length; k++) tags[k] = (i + k) % 100;
      for (int k = 0; k < reals.length; k++) reals[k] = i + k / 2.0;
      row.putValue("tags", tags);
      row.putValue("reals", reals);
      row.putValue("words", new Object[]{"a" + i % 10, "ü".repeat(i % 3)});
      if (i % 11 == 0) {
        row.putDefaultNullValue("big", Long.MIN_VALUE);
        row.putDefaultNullValue("word", "null");
      }
      out.add(row);
    }
    return out;
  }

  static String field(String column, String rest) {
    return "{\"name\":\"" + column + "\"," + rest + "}";
  }
  static String allRaw(String codec, int version) {
    StringBuilder out = new StringBuilder();
    for (String column : RAW) {
      if (column.equals("id")) continue;
      out.append(out.length() > 0 ? "," : "").append(field(column,
          "\"encodingType\":\"RAW\",\"compressionCodec\":\"" + codec + "\",\"properties\":{\"rawIndexWriterVersion\":\"" + version + "\"}"));
    }
    return out.toString();
  }

  static void make(String name, String fields, SegmentVersion version, File to) throws Exception {
    Schema schema = Schema.fromString(SCHEMA);
    TableConfig table = JsonUtils.stringToObject("{\"tableName\":\"rows_OFFLINE\",\"tableType\":\"OFFLINE\",\"segmentsConfig\":{\"replication\":\"1\",\"timeColumnName\":\"at\"},"
        + "\"tenants\":{},\"tableIndexConfig\":{\"nullHandlingEnabled\":true" + (name.contains("varlength") ? ",\"varLengthDictionaryColumns\":[\"word\",\"note\",\"bin\",\"dec\",\"words\",\"doc\"]" : "")
        + "},\"metadata\":{},\"fieldConfigList\":[" + fields + "]}", TableConfig.class);
    SegmentGeneratorConfig config = new SegmentGeneratorConfig(table, schema);
    config.setSegmentVersion(version);
    config.setOutDir(to.getPath());
    config.setSegmentName("rows_" + name);
    SegmentIndexCreationDriverImpl driver = new SegmentIndexCreationDriverImpl();
    driver.init(config, new GenericRowRecordReader(rows(!name.startsWith("dictionaries"))));
    driver.build();
    File folder = new File(to, "rows_" + name);
    TarCompressionUtils.createCompressedTarFile(folder, new File(to, name + ".tar.gz"));
    System.out.println(name);
  }

  public static void main(String[] args) throws Exception {
    File to = new File(args[0]);
    to.mkdirs();
    make("dictionaries_v3", "", SegmentVersion.v3, to);
    make("dictionaries_v1", "", SegmentVersion.v1, to);
    make("varlength", field("tags", "\"encodingType\":\"DICTIONARY\",\"compressionCodec\":\"MV_ENTRY_DICT\"") + "," + field("words", "\"encodingType\":\"DICTIONARY\",\"compressionCodec\":\"MV_ENTRY_DICT\""), SegmentVersion.v3, to);
    String[] codecs = {"PASS_THROUGH", "SNAPPY", "ZSTANDARD", "LZ4", "GZIP"};
    for (int version : new int[]{2, 3, 4, 5}) {
      for (String codec : codecs) {
        String name = "raw_v" + version + "_" + codec.toLowerCase();
        try {
          make(name, allRaw(codec, version), SegmentVersion.v3, to);
        } catch (Throwable e) {
          System.out.println(name + " " + e);
        }
      }
    }
  }
}
