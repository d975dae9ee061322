import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.header.Headers;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.HeaderConverter;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.predicates.Predicate;
import org.apache.kafka.connect.util.ConnectUtils;

/**
 * Runs cases (one JSON object a line) through Kafka Connect's own converters, transformations and
 * predicates, in the order in which a sink or source task runs them, and writes one answer a line.
 * The formats of cases and answers are described in docs/try.md.
 *
 * Usage: java -cp ... RecordAnswers cases.jsonl answers.jsonl
 */
public final class RecordAnswers {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Pattern IDENTITY_HASH = Pattern.compile("@[0-9a-f]{4,8}\\b");
    private static final String AVRO_CONVERTER = "io.confluent.connect.avro.AvroConverter";

    /** A failure of one stage. The first one ends the case, as with errors.tolerance=none. */
    private static final class StageError extends Exception {
        private static final long serialVersionUID = 1L;
        final String stage;
        final String component;
        final Throwable error;

        StageError(String stage, String component, Throwable error) {
            this.stage = stage;
            this.component = component;
            this.error = error;
        }
    }

    private interface Work<T> {
        T run() throws Exception;
    }

    private static <T> T stage(String name, String component, Work<T> work) throws StageError {
        try {
            return work.run();
        } catch (StageError e) {
            throw e;
        } catch (Exception | StackOverflowError | AssertionError | LinkageError e) {
            throw new StageError(name, component, e);
        }
    }

    private static final class Step {
        Transformation<?> transformation;
        Predicate<?> predicate;
        boolean negate;
    }

    // ---------------------------------------------------------------- main

    public static void main(String[] args) throws Exception {
        int count = 0;
        try (BufferedReader in = Files.newBufferedReader(Path.of(args[0]));
             BufferedWriter out = Files.newBufferedWriter(Path.of(args[1]))) {
            for (String line; (line = in.readLine()) != null; ) {
                if (line.isBlank()) {
                    continue;
                }
                out.write(answer(MAPPER.readTree(line), count++));
                out.write('\n');
            }
        }
        System.err.println(count + " answers");
    }

    private static String answer(JsonNode c, int ordinal) {
        StringBuilder sb = new StringBuilder("{\"id\":");
        string(sb, c.get("id").asText());
        try {
            sb.append(c.get("direction").asText().equals("source") ? source(c, ordinal) : sink(c, ordinal));
        } catch (StageError e) {
            sb.append(",\"dropped\":false,\"error\":{\"stage\":");
            string(sb, e.stage);
            sb.append(",\"component\":");
            string(sb, e.component);
            sb.append(",");
            throwable(sb, e.error);
            sb.append(",\"causes\":[");
            int depth = 0;
            for (Throwable t = e.error.getCause(); t != null && depth < 6; t = t.getCause(), depth++) {
                sb.append(depth == 0 ? "{" : ",{");
                throwable(sb, t);
                sb.append('}');
            }
            sb.append("]}");
        }
        return sb.append('}').toString();
    }

    private static void throwable(StringBuilder sb, Throwable t) {
        sb.append("\"class\":");
        string(sb, t.getClass().getName());
        sb.append(",\"message\":");
        String m = t.getMessage();
        if (m == null) {
            sb.append("null");
        } else {
            string(sb, IDENTITY_HASH.matcher(m).replaceAll("@HASH"));
        }
    }

    // ---------------------------------------------------------------- the two directions

    private static String sink(JsonNode c, int ordinal) throws StageError {
        Converter keyConverter = null;
        Converter valueConverter = null;
        HeaderConverter headerConverter = null;
        if (!c.has("record")) {
            keyConverter = converter(c, "key.converter", true, ordinal);
            valueConverter = converter(c, "value.converter", false, ordinal);
            headerConverter = headerConverter(c);
        }
        List<Step> chain = chain(c);
        SinkRecord record = c.has("record")
                ? stage("INPUT", "record", () -> givenSinkRecord(c))
                : convertedSinkRecord(c, keyConverter, valueConverter, headerConverter);
        record = apply(chain, record);
        if (record == null) {
            return ",\"dropped\":true";
        }
        StringBuilder sb = new StringBuilder(",\"dropped\":false,\"record\":");
        record(sb, record);
        return sb.toString();
    }

    private static SinkRecord convertedSinkRecord(JsonNode c, Converter keyConverter, Converter valueConverter,
                                                  HeaderConverter headerConverter) throws StageError {
        String topic = c.get("topic").asText();
        RecordHeaders raw = new RecordHeaders();
        for (JsonNode h : list(c, "headers")) {
            raw.add(h.get("key").asText(), bytes(h.get("value")));
        }
        SchemaAndValue key = stage("KEY_CONVERTER", "key.converter",
                () -> keyConverter.toConnectData(topic, raw, bytes(c.get("key"))));
        SchemaAndValue value = stage("VALUE_CONVERTER", "value.converter",
                () -> valueConverter.toConnectData(topic, raw, bytes(c.get("value"))));
        Headers headers = stage("HEADER_CONVERTER", "header.converter", () -> {
            Headers result = new ConnectHeaders();
            for (org.apache.kafka.common.header.Header h : raw) {
                result.add(h.key(), headerConverter.toConnectHeader(topic, h.key(), h.value()));
            }
            return result;
        });
        Long timestamp = stage("TIMESTAMP", "record", () -> ConnectUtils.checkAndConvertTimestamp(longOrNull(c.get("timestamp"))));
        return stage("RECORD", "record", () -> new SinkRecord(topic, c.get("partition").asInt(), key.schema(), key.value(),
                value.schema(), value.value(), c.get("offset").asLong(), timestamp,
                TimestampType.forName(c.get("timestamp_type").asText()), headers));
    }

    private static SinkRecord givenSinkRecord(JsonNode c) {
        JsonNode r = c.get("record");
        Schema keySchema = schema(r.get("key_schema"));
        Schema valueSchema = schema(r.get("value_schema"));
        return new SinkRecord(r.get("topic").asText(), r.get("partition").asInt(), keySchema, value(r.get("key"), keySchema),
                valueSchema, value(r.get("value"), valueSchema), c.get("offset").asLong(), longOrNull(r.get("timestamp")),
                TimestampType.forName(c.get("timestamp_type").asText()), headers(r));
    }

    private static String source(JsonNode c, int ordinal) throws StageError {
        Converter keyConverter = converter(c, "key.converter", true, ordinal);
        Converter valueConverter = converter(c, "value.converter", false, ordinal);
        HeaderConverter headerConverter = headerConverter(c);
        List<Step> chain = chain(c);
        SourceRecord record = stage("INPUT", "record", () -> {
            JsonNode r = c.get("record");
            Schema keySchema = schema(r.get("key_schema"));
            Schema valueSchema = schema(r.get("value_schema"));
            Integer partition = isNull(r.get("partition")) ? null : r.get("partition").asInt();
            return new SourceRecord(Map.of(), Map.of(), r.get("topic").asText(), partition, keySchema, value(r.get("key"), keySchema),
                    valueSchema, value(r.get("value"), valueSchema), longOrNull(r.get("timestamp")), headers(r));
        });
        SourceRecord done = apply(chain, record);
        if (done == null) {
            return ",\"dropped\":true";
        }
        RecordHeaders headers = stage("HEADER_CONVERTER", "header.converter", () -> {
            RecordHeaders result = new RecordHeaders();
            for (Header h : done.headers()) {
                result.add(h.key(), headerConverter.fromConnectHeader(done.topic(), h.key(), h.schema(), h.value()));
            }
            return result;
        });
        byte[] key = stage("KEY_CONVERTER", "key.converter",
                () -> keyConverter.fromConnectData(done.topic(), headers, done.keySchema(), done.key()));
        byte[] value = stage("VALUE_CONVERTER", "value.converter",
                () -> valueConverter.fromConnectData(done.topic(), headers, done.valueSchema(), done.value()));
        Long timestamp = stage("TIMESTAMP", "record", () -> ConnectUtils.checkAndConvertTimestamp(done.timestamp()));

        StringBuilder sb = new StringBuilder(",\"dropped\":false");
        if (!chain.isEmpty()) {
            sb.append(",\"record\":");
            record(sb, done);
        }
        sb.append(",\"produced\":{\"topic\":");
        string(sb, done.topic());
        sb.append(",\"partition\":").append(done.kafkaPartition()).append(",\"timestamp\":").append(timestamp);
        sb.append(",\"key\":");
        bytes(sb, key);
        registered(sb, "key", c, ordinal, key);
        sb.append(",\"value\":");
        bytes(sb, value);
        registered(sb, "value", c, ordinal, value);
        sb.append(",\"headers\":[");
        String comma = "";
        for (org.apache.kafka.common.header.Header h : headers) {
            sb.append(comma).append("{\"key\":");
            comma = ",";
            string(sb, h.key());
            sb.append(",\"value\":");
            bytes(sb, h.value());
            sb.append('}');
        }
        boolean unordered = hasMap(done.key()) || hasMap(done.value());
        for (Header h : done.headers()) {
            unordered |= hasMap(h.value());
        }
        return sb.append("],\"unordered\":").append(unordered).append('}').toString();
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static <R extends ConnectRecord<R>> R apply(List<Step> chain, R record) throws StageError {
        R current = record;
        for (int i = 0; i < chain.size() && current != null; i++) {
            Step step = chain.get(i);
            R before = current;
            current = stage("TRANSFORMATION", "transforms[" + i + "]", () -> {
                Predicate predicate = step.predicate;
                if (predicate == null || step.negate ^ predicate.test(before)) {
                    return (R) ((Transformation) step.transformation).apply(before);
                }
                return before;
            });
        }
        return current;
    }

    // ---------------------------------------------------------------- making the parts

    private static Map<String, Object> config(JsonNode n) {
        Map<String, Object> result = new HashMap<>();
        if (!isNull(n)) {
            for (Map.Entry<String, JsonNode> e : n.properties()) {
                result.put(e.getKey(), e.getValue().asText());
            }
        }
        return result;
    }

    private static Object make(String cls) throws Exception {
        return Class.forName(cls).getDeclaredConstructor().newInstance();
    }

    private static List<Step> chain(JsonNode c) throws StageError {
        List<Step> steps = new ArrayList<>();
        for (JsonNode t : list(c, "chain")) {
            int i = steps.size();
            Step step = new Step();
            step.transformation = stage("CONFIGURE", "transforms[" + i + "]", () -> {
                Transformation<?> transformation = (Transformation<?>) make(t.get("type").asText());
                Map<String, Object> config = config(t.get("config"));
                config.put("type", t.get("type").asText());
                transformation.configure(config);
                return transformation;
            });
            JsonNode p = t.get("predicate");
            if (!isNull(p)) {
                step.predicate = stage("CONFIGURE", "predicates[" + i + "]", () -> {
                    Predicate<?> predicate = (Predicate<?>) make(p.get("type").asText());
                    Map<String, Object> config = config(p.get("config"));
                    config.put("type", p.get("type").asText());
                    predicate.configure(config);
                    return predicate;
                });
                step.negate = p.has("negate") && p.get("negate").asBoolean();
            }
            steps.add(step);
        }
        return steps;
    }

    private static Converter converter(JsonNode c, String which, boolean isKey, int ordinal) throws StageError {
        JsonNode n = c.get(which);
        return stage("CONFIGURE", which, () -> {
            Map<String, Object> config = config(n.get("config"));
            if (n.get("class").asText().equals(AVRO_CONVERTER)) {
                config.put("schema.registry.url", "mock://case" + ordinal);
                for (JsonNode s : list(n, "schemas")) {
                    Object parsed = Class.forName("io.confluent.kafka.schemaregistry.avro.AvroSchema")
                            .getConstructor(String.class).newInstance(s.get("schema").asText());
                    Object client = registry(ordinal);
                    Class<?> type = Class.forName("io.confluent.kafka.schemaregistry.ParsedSchema");
                    Class.forName("io.confluent.kafka.schemaregistry.client.SchemaRegistryClient")
                            .getMethod("register", String.class, type, int.class, int.class)
                            .invoke(client, s.get("subject").asText(), parsed, s.get("version").asInt(), s.get("id").asInt());
                }
            }
            Converter converter = (Converter) make(n.get("class").asText());
            converter.configure(config, isKey);
            return converter;
        });
    }

    private static HeaderConverter headerConverter(JsonNode c) throws StageError {
        JsonNode n = c.get("header.converter");
        return stage("CONFIGURE", "header.converter", () -> {
            Map<String, Object> config = config(n.get("config"));
            config.put("converter.type", "header");
            HeaderConverter converter = (HeaderConverter) make(n.get("class").asText());
            converter.configure(config);
            return converter;
        });
    }

    private static Object registry(int ordinal) throws Exception {
        return Class.forName("io.confluent.kafka.schemaregistry.testutil.MockSchemaRegistry")
                .getMethod("getClientForScope", String.class).invoke(null, "case" + ordinal);
    }

    /** The text of the Avro schema that the bytes were written with, as the registry holds it. */
    private static void registered(StringBuilder sb, String side, JsonNode c, int ordinal, byte[] bytes) throws StageError {
        if (bytes == null || bytes.length < 5 || !c.get(side + ".converter").get("class").asText().equals(AVRO_CONVERTER)) {
            return;
        }
        sb.append(",\"").append(side).append("_avro_schema\":");
        string(sb, stage("REGISTRY", side + ".converter", () -> {
            Object parsed = Class.forName("io.confluent.kafka.schemaregistry.client.SchemaRegistryClient")
                    .getMethod("getSchemaById", int.class).invoke(registry(ordinal), ByteBuffer.wrap(bytes, 1, 4).getInt());
            return (String) Class.forName("io.confluent.kafka.schemaregistry.ParsedSchema").getMethod("canonicalString").invoke(parsed);
        }));
    }

    // ---------------------------------------------------------------- reading the canonical form

    private static boolean isNull(JsonNode n) {
        return n == null || n.isNull();
    }

    private static Iterable<JsonNode> list(JsonNode n, String name) {
        return isNull(n.get(name)) ? List.of() : n.get(name);
    }

    private static Long longOrNull(JsonNode n) {
        return isNull(n) ? null : Long.valueOf(n.asText());
    }

    private static byte[] bytes(JsonNode n) {
        if (isNull(n)) {
            return null;
        }
        return n.has("utf8") ? n.get("utf8").asText().getBytes(StandardCharsets.UTF_8)
                : Base64.getDecoder().decode(n.get("base64").asText());
    }

    private static Headers headers(JsonNode r) {
        Headers headers = new ConnectHeaders();
        for (JsonNode h : list(r, "headers")) {
            Schema s = schema(h.get("schema"));
            headers.add(h.get("key").asText(), new SchemaAndValue(s, value(h.get("value"), s)));
        }
        return headers;
    }

    private static Schema schema(JsonNode n) {
        if (isNull(n)) {
            return null;
        }
        String type = n.get("type").asText();
        SchemaBuilder b;
        switch (type) {
            case "struct":
                b = SchemaBuilder.struct();
                for (JsonNode f : n.get("fields")) {
                    b.field(f.get("name").asText(), schema(f.get("schema")));
                }
                break;
            case "array":
                b = SchemaBuilder.array(schema(n.get("values")));
                break;
            case "map":
                b = SchemaBuilder.map(schema(n.get("keys")), schema(n.get("values")));
                break;
            default:
                b = new SchemaBuilder(Schema.Type.valueOf(type.toUpperCase(Locale.ROOT)));
        }
        if (n.has("name")) {
            b.name(n.get("name").asText());
        }
        if (n.has("version")) {
            b.version(n.get("version").asInt());
        }
        if (n.has("doc")) {
            b.doc(n.get("doc").asText());
        }
        if (n.has("parameters")) {
            config(n.get("parameters")).forEach((k, v) -> b.parameter(k, (String) v));
        }
        if (n.get("optional").asBoolean()) {
            b.optional();
        }
        if (n.has("default")) {
            b.defaultValue(value(n.get("default"), b));
        }
        return b.build();
    }

    private static Object value(JsonNode n, Schema schema) {
        if (isNull(n)) {
            return null;
        }
        if (n.isBoolean()) {
            return n.booleanValue();
        }
        if (n.isTextual()) {
            return n.textValue();
        }
        Map.Entry<String, JsonNode> e = n.properties().iterator().next();
        JsonNode v = e.getValue();
        switch (e.getKey()) {
            case "int8":
                return (byte) v.intValue();
            case "int16":
                return (short) v.intValue();
            case "int32":
                return v.intValue();
            case "int64":
                return Long.valueOf(v.asText());
            case "float32":
                return Float.valueOf(v.asText());
            case "float64":
                return Double.valueOf(v.asText());
            case "bytes":
                return Base64.getDecoder().decode(v.asText());
            case "bytebuffer":
                return ByteBuffer.wrap(Base64.getDecoder().decode(v.asText()));
            case "decimal":
                return new BigDecimal(new BigInteger(v.get("unscaled").asText()), v.get("scale").asInt());
            case "biginteger":
                return new BigInteger(v.asText());
            case "millis":
                return new Date(Long.parseLong(v.asText()));
            case "array": {
                List<Object> result = new ArrayList<>();
                for (JsonNode item : v) {
                    result.add(value(item, schema == null ? null : schema.valueSchema()));
                }
                return result;
            }
            case "map": {
                Map<Object, Object> result = new LinkedHashMap<>();
                for (JsonNode pair : v) {
                    result.put(value(pair.get(0), schema == null ? null : schema.keySchema()),
                            value(pair.get(1), schema == null ? null : schema.valueSchema()));
                }
                return result;
            }
            case "struct": {
                // A struct that is a default value lies on the schema builder itself: it must be equal to it.
                Struct result = new Struct(schema);
                for (Map.Entry<String, JsonNode> f : v.properties()) {
                    result.put(f.getKey(), value(f.getValue(), schema.field(f.getKey()).schema()));
                }
                return result;
            }
            default:
                throw new IllegalArgumentException("unknown tag " + e.getKey());
        }
    }

    // ---------------------------------------------------------------- writing the canonical form

    private static void record(StringBuilder sb, ConnectRecord<?> r) {
        sb.append("{\"topic\":");
        stringOrNull(sb, r.topic());
        sb.append(",\"partition\":").append(r.kafkaPartition()).append(",\"timestamp\":").append(r.timestamp());
        side(sb, "key", r.keySchema(), r.key());
        side(sb, "value", r.valueSchema(), r.value());
        sb.append(",\"headers\":[");
        String comma = "";
        for (Header h : r.headers()) {
            sb.append(comma).append("{\"key\":");
            comma = ",";
            string(sb, h.key());
            sb.append(",\"schema\":");
            schema(sb, h.schema());
            sb.append(",\"value\":");
            value(sb, h.value());
            sb.append('}');
        }
        sb.append("]}");
    }

    private static void side(StringBuilder sb, String name, Schema schema, Object value) {
        sb.append(",\"").append(name).append("_schema\":");
        schema(sb, schema);
        sb.append(",\"").append(name).append("\":");
        value(sb, value);
        if (value instanceof Struct && !((Struct) value).schema().equals(schema)) {
            sb.append(",\"").append(name).append("_own_schema\":");
            schema(sb, ((Struct) value).schema());
        }
    }

    private static void schema(StringBuilder sb, Schema s) {
        if (s == null) {
            sb.append("null");
            return;
        }
        sb.append("{\"type\":\"").append(s.type().getName()).append("\",\"optional\":").append(s.isOptional());
        if (s.name() != null) {
            sb.append(",\"name\":");
            string(sb, s.name());
        }
        if (s.version() != null) {
            sb.append(",\"version\":").append(s.version());
        }
        if (s.doc() != null) {
            sb.append(",\"doc\":");
            string(sb, s.doc());
        }
        if (s.parameters() != null && !s.parameters().isEmpty()) {
            sb.append(",\"parameters\":{");
            String comma = "";
            for (Map.Entry<String, String> e : new TreeMap<>(s.parameters()).entrySet()) {
                sb.append(comma);
                comma = ",";
                string(sb, e.getKey());
                sb.append(':');
                stringOrNull(sb, e.getValue());
            }
            sb.append('}');
        }
        if (s.defaultValue() != null) {
            sb.append(",\"default\":");
            value(sb, s.defaultValue());
        }
        switch (s.type()) {
            case STRUCT: {
                sb.append(",\"fields\":[");
                String comma = "";
                for (Field f : s.fields()) {
                    sb.append(comma).append("{\"name\":");
                    comma = ",";
                    string(sb, f.name());
                    sb.append(",\"schema\":");
                    schema(sb, f.schema());
                    sb.append('}');
                }
                sb.append(']');
                break;
            }
            case MAP:
                sb.append(",\"keys\":");
                schema(sb, s.keySchema());
                sb.append(",\"values\":");
                schema(sb, s.valueSchema());
                break;
            case ARRAY:
                sb.append(",\"values\":");
                schema(sb, s.valueSchema());
                break;
            default:
                break;
        }
        sb.append('}');
    }

    private static void value(StringBuilder sb, Object v) {
        if (v == null) {
            sb.append("null");
        } else if (v instanceof Boolean) {
            sb.append(v);
        } else if (v instanceof String) {
            if (StandardCharsets.UTF_16BE.newEncoder().canEncode((String) v)) {
                string(sb, (String) v);
            } else { // an unpaired surrogate
                tag(sb, "utf16", Base64.getEncoder().encodeToString(utf16((String) v)), true);
            }
        } else if (v instanceof Byte) {
            tag(sb, "int8", v, false);
        } else if (v instanceof Short) {
            tag(sb, "int16", v, false);
        } else if (v instanceof Integer) {
            tag(sb, "int32", v, false);
        } else if (v instanceof Long) {
            tag(sb, "int64", v, true);
        } else if (v instanceof Float) {
            tag(sb, "float32", v, true);
        } else if (v instanceof Double) {
            tag(sb, "float64", v, true);
        } else if (v instanceof byte[]) {
            tag(sb, "bytes", Base64.getEncoder().encodeToString((byte[]) v), true);
        } else if (v instanceof ByteBuffer) {
            ByteBuffer b = ((ByteBuffer) v).duplicate();
            byte[] copy = new byte[b.remaining()];
            b.get(copy);
            tag(sb, "bytes", Base64.getEncoder().encodeToString(copy), true);
        } else if (v instanceof BigDecimal) {
            BigDecimal d = (BigDecimal) v;
            sb.append("{\"decimal\":{\"unscaled\":\"").append(d.unscaledValue()).append("\",\"scale\":").append(d.scale()).append("}}");
        } else if (v instanceof BigInteger) {
            tag(sb, "biginteger", v, true);
        } else if (v instanceof Date) {
            tag(sb, "millis", ((Date) v).getTime(), true);
        } else if (v instanceof Collection) {
            sb.append("{\"array\":[");
            String comma = "";
            for (Object item : (Collection<?>) v) {
                sb.append(comma);
                comma = ",";
                value(sb, item);
            }
            sb.append("]}");
        } else if (v instanceof Map) {
            Map<String, String> sorted = new TreeMap<>();
            for (Map.Entry<?, ?> e : ((Map<?, ?>) v).entrySet()) {
                StringBuilder key = new StringBuilder();
                value(key, e.getKey());
                StringBuilder item = new StringBuilder();
                value(item, e.getValue());
                sorted.put(key.toString(), item.toString());
            }
            sb.append("{\"map\":[");
            String comma = "";
            for (Map.Entry<String, String> e : sorted.entrySet()) {
                sb.append(comma).append('[').append(e.getKey()).append(',').append(e.getValue()).append(']');
                comma = ",";
            }
            sb.append("]}");
        } else if (v instanceof Struct) {
            Struct s = (Struct) v;
            sb.append("{\"struct\":{");
            String comma = "";
            for (Field f : s.schema().fields()) {
                sb.append(comma);
                comma = ",";
                string(sb, f.name());
                sb.append(':');
                value(sb, s.getWithoutDefault(f.name()));
            }
            sb.append("}}");
        } else {
            tag(sb, "other", v.getClass().getName(), true);
        }
    }

    private static void tag(StringBuilder sb, String tag, Object text, boolean quoted) {
        sb.append("{\"").append(tag).append("\":").append(quoted ? "\"" : "").append(text).append(quoted ? "\"}" : "}");
    }

    private static byte[] utf16(String s) {
        ByteBuffer b = ByteBuffer.allocate(2 * s.length());
        s.chars().forEach(ch -> b.putChar((char) ch));
        return b.array();
    }

    private static boolean hasMap(Object v) {
        if (v instanceof Map) {
            return ((Map<?, ?>) v).size() > 1 || ((Map<?, ?>) v).values().stream().anyMatch(RecordAnswers::hasMap);
        }
        if (v instanceof Collection) {
            return ((Collection<?>) v).stream().anyMatch(RecordAnswers::hasMap);
        }
        return v instanceof Struct
                && ((Struct) v).schema().fields().stream().anyMatch(f -> hasMap(((Struct) v).getWithoutDefault(f.name())));
    }

    private static void bytes(StringBuilder sb, byte[] b) {
        if (b == null) {
            sb.append("null");
            return;
        }
        try {
            String text = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(b)).toString();
            sb.append("{\"utf8\":");
            string(sb, text);
            sb.append('}');
        } catch (CharacterCodingException e) {
            tag(sb, "base64", Base64.getEncoder().encodeToString(b), true);
        }
    }

    private static void stringOrNull(StringBuilder sb, String s) {
        if (s == null) {
            sb.append("null");
        } else {
            string(sb, s);
        }
    }

    private static void string(StringBuilder sb, String s) {
        sb.append('"');
        for (int i = 0; i < s.length(); i++) {
            char ch = s.charAt(i);
            if (ch == '"' || ch == '\\') {
                sb.append('\\').append(ch);
            } else if (ch == '\n') {
                sb.append("\\n");
            } else if (ch < 0x20 || ch > 0x7e) {
                sb.append(String.format("\\u%04x", (int) ch));
            } else {
                sb.append(ch);
            }
        }
        sb.append('"');
    }
}
