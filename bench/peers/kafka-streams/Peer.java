import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jpountz.xxhash.XXHash64;
import net.jpountz.xxhash.XXHashFactory;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * What somebody would write with Kafka Streams: sightings in, one record per work out, exactly once.
 *
 * A sighting is cleaned by the rules that cost something (texts, URLs, licence, tags, `meta_data`), compared by a hash of
 * its content with what the store has, merged field by field where it differs, and written with a new revision. What
 * Freshet does besides is in README.md.
 *
 * Usage: Peer BROKERS SOURCE TARGET APPLICATION THREADS STATE_DIR [WARM_SOURCE WARM_TARGET WARM_RECORDS]
 * With the last three it first reads WARM_RECORDS records of WARM_SOURCE under another name, so that what is measured
 * then runs compiled. Ends on SIGTERM.
 */
public final class Peer {
  private static final String STORE = "works";

  /** One work: the hash of its content (8 bytes) and, behind it, the record as JSON. */
  static final class Upsert implements Processor<String, byte[], String, byte[]> {
    private static final int HASH = 8;
    private final ObjectMapper json = new ObjectMapper();
    private final AtomicLong seen;
    private final Clean clean = new Clean();
    private final XXHash64 hash64 = XXHashFactory.fastestInstance().hash64();
    private KeyValueStore<String, byte[]> store;
    private ProcessorContext<String, byte[]> context;

    Upsert(AtomicLong seen) {
      this.seen = seen;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
      this.context = context;
      store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
      seen.incrementAndGet();
      try {
        JsonNode sighting = json.readTree(record.value());
        if (!(sighting.get("work") instanceof ObjectNode work) || record.key() == null) {
          return;  // the end of a run; it has no part in this
        }
        // Of the content as it came: what is the same bytes again is not cleaned again.
        byte[] content = json.writeValueAsBytes(work);
        byte[] hash = ByteBuffer.allocate(HASH).putLong(hash64.hash(content, 0, content.length, 0)).array();
        byte[] before = store.get(record.key());
        if (before != null && Arrays.equals(hash, 0, HASH, before, 0, HASH)) {
          return;
        }
        ObjectNode cleaned = clean.work(work);
        if (cleaned == null) {
          return;
        }
        String fetchedAt = sighting.at("/seen/fetched_at").asText();
        ObjectNode next = before == null ? created(record.key(), cleaned, fetchedAt) : merged(before, cleaned, fetchedAt);
        next.put("revision", Math.max(next.path("revision").asLong() + 1, System.currentTimeMillis()));
        byte[] body = json.writeValueAsBytes(next);
        byte[] kept = Arrays.copyOf(hash, HASH + body.length);
        System.arraycopy(body, 0, kept, HASH, body.length);
        store.put(record.key(), kept);
        context.forward(record.withValue(body));
      } catch (java.io.IOException error) {
        // Not JSON: Freshet puts it aside whole; this drops it.
      }
    }

    private ObjectNode created(String key, ObjectNode work, String fetchedAt) {
      ObjectNode next = json.createObjectNode();
      next.put("key", key).put("status", "live").put("created_on", fetchedAt).put("fetched_at", fetchedAt);
      next.set("work", work);
      return next;
    }

    /** A value takes the place of the one before, none takes none away; `meta_data` member by member. */
    private ObjectNode merged(byte[] before, ObjectNode work, String fetchedAt) throws java.io.IOException {
      ObjectNode next = (ObjectNode) json.readTree(before, HASH, before.length - HASH);
      ObjectNode known = (ObjectNode) next.get("work");
      for (Map.Entry<String, JsonNode> field : work.properties()) {
        if (field.getKey().equals("meta_data") && known.get("meta_data") instanceof ObjectNode members) {
          members.setAll((ObjectNode) field.getValue());
        } else {
          known.set(field.getKey(), field.getValue());
        }
      }
      return next.put("fetched_at", fetchedAt);
    }
  }

  /** The cleaning rules, as far as they cost something. */
  static final class Clean {
    private static final Pattern SPACES = Pattern.compile("\\s+");
    private static final Pattern LICENSE =
        Pattern.compile("^https?://creativecommons\\.org/(?:licenses/([a-z-]+)|publicdomain/(zero|mark))/([\\d.]+)/?");
    private static final List<String> URLS = List.of("url", "foreign_landing_url", "thumbnail", "creator_url");
    private static final List<String> TEXTS = List.of("title", "creator", "category", "filetype", "provider", "source", "foreign_identifier");
    private static final List<String> REQUIRED = List.of("provider", "foreign_identifier", "foreign_landing_url", "url", "license");
    private static final int MOST_TEXT = 5_000;

    private final ObjectMapper json = new ObjectMapper();

    /** Null: the work lacks what every work has. */
    ObjectNode work(ObjectNode given) {
      ObjectNode work = json.createObjectNode();
      for (Map.Entry<String, JsonNode> field : given.properties()) {
        JsonNode value = field.getValue();
        if (value.isNull() || (value.isContainerNode() && value.isEmpty())) {
          continue;
        }
        String name = field.getKey();
        if (URLS.contains(name)) {
          String url = url(value.asText());
          if (url != null) {
            work.put(name, url);
          }
        } else if (TEXTS.contains(name)) {
          work.put(name, text(value.asText()));
        } else if (name.equals("tags")) {
          work.set(name, tags(value, given.path("provider").asText()));
        } else if (name.equals("meta_data")) {
          work.set(name, leaves(value));
        } else if (!name.equals("license_url")) {
          work.set(name, value);
        }
      }
      license(given, work);
      return REQUIRED.stream().allMatch(work::hasNonNull) ? work : null;
    }

    private static String text(String value) {
      String cleaned = SPACES.matcher(value.replace("\u0000", "")).replaceAll(" ").trim();
      return cleaned.length() > MOST_TEXT ? cleaned.substring(0, MOST_TEXT) : cleaned;
    }

    private static String url(String value) {
      String url = value.trim();
      if (url.startsWith("http://")) {
        url = "https://" + url.substring(7);
      } else if (!url.startsWith("https://")) {
        url = url.startsWith("//") ? "https:" + url : "https://" + url;
      }
      int host = url.indexOf('/', 8);
      return (host < 0 ? url.length() : host) > 8 && url.indexOf(' ') < 0 ? url : null;
    }

    private static void license(ObjectNode given, ObjectNode work) {
      Matcher found = LICENSE.matcher(given.path("license_url").asText(""));
      if (found.find()) {
        String name = found.group(1) != null ? found.group(1) : found.group(2).equals("zero") ? "cc0" : "pdm";
        work.put("license", name).put("license_version", found.group(3));
        if (work.get("meta_data") instanceof ObjectNode members) {
          members.put("license_url", found.group());
        }
      }
    }

    /** Texts become objects; sorted, each once, those that nobody wants left out. */
    private ArrayNode tags(JsonNode given, String provider) {
      TreeMap<String, ObjectNode> tags = new TreeMap<>(Comparator.naturalOrder());
      for (JsonNode one : given) {
        String name = text(one.isTextual() ? one.asText() : one.path("name").asText());
        String lower = name.toLowerCase(java.util.Locale.ROOT);
        if (name.isEmpty() || lower.contains("uploaded:by") || lower.equals("squareformat")) {
          continue;
        }
        ObjectNode tag = json.createObjectNode().put("name", name).put("provider", one.path("provider").asText(provider));
        if (one.has("accuracy")) {
          tag.set("accuracy", one.get("accuracy"));
        }
        tags.put(tag.get("provider").asText() + "\n" + name, tag);
      }
      return json.createArrayNode().addAll(tags.values());
    }

    /** Numbers and booleans become texts, nulls go. */
    private JsonNode leaves(JsonNode value) {
      if (value instanceof ObjectNode object) {
        ObjectNode made = json.createObjectNode();
        object.properties().forEach(field -> {
          if (!field.getValue().isNull()) {
            made.set(field.getKey(), leaves(field.getValue()));
          }
        });
        return made;
      }
      if (value instanceof ArrayNode array) {
        ArrayNode made = json.createArrayNode();
        array.forEach(one -> made.add(leaves(one)));
        return made;
      }
      return json.getNodeFactory().textNode(text(value.asText()));
    }
  }

  private static KafkaStreams streams(String brokers, String source, String target, String application, String threads, String stateDir, AtomicLong seen) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, stateDir);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, "1");
    // As ours: the default with exactly_once_v2 is the same.
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "100");
    settings.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    settings.put(StreamsConfig.consumerPrefix("max.poll.records"), "5000");
    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray()));
    builder.stream(source, Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .process(() -> new Upsert(seen), STORE)
        .to(target, Produced.with(Serdes.String(), Serdes.ByteArray()));
    return new KafkaStreams(builder.build(), settings);
  }

  private static void warmUp(String[] args, String stateDir) throws InterruptedException {
    AtomicLong seen = new AtomicLong();
    long records = Long.parseLong(args[8]);
    KafkaStreams streams = streams(args[0], args[6], args[7], args[3] + ".warm" + ProcessHandle.current().pid(), args[4], stateDir, seen);
    streams.start();
    while (seen.get() < records) {
      Thread.sleep(50);
    }
    streams.close(Duration.ofSeconds(30));
    streams.cleanUp();
  }

  public static void main(String[] args) throws Exception {
    if (args.length != 6 && args.length != 9) {
      System.err.println("Usage: Peer BROKERS SOURCE TARGET APPLICATION THREADS STATE_DIR [WARM_SOURCE WARM_TARGET WARM_RECORDS]");
      System.exit(2);
    }
    if (args.length == 9) {
      warmUp(args, args[5]);
    }
    KafkaStreams streams = streams(args[0], args[1], args[2], args[3], args[4], args[5], new AtomicLong());
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      streams.close(Duration.ofSeconds(30));
      stopped.countDown();
    }));
    streams.setUncaughtExceptionHandler(error -> {
      error.printStackTrace();
      return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
    });
    streams.start();
    System.err.println("started");
    stopped.await();
  }
}
