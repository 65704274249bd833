/**
 * Ports above 1023 that services of a private network are known to listen on, by what listens there. An allowed address
 * range must not open all of these with it, and none speaks to webhooks.
 *
 * They come from IANA's registry of service names, from the list of ports that browsers refuse (the Fetch standard's "bad
 * ports", https://fetch.spec.whatwg.org/#port-blocking), and from the defaults of what is commonly run beside a service
 * like this one. 32768 and up is left alone: systems hand those ports out to whoever asks, so none is anyone's.
 */
const INTERNAL_PORTS: Readonly<Record<string, readonly number[]>> = {
  'a proxy': [1080, 3128],
  'Java RMI and JMX': [1099, 7199],
  'SQL Server': [1433, 1434],
  Oracle: [1521, 2483, 2484],
  telephony: [1719, 1720, 5060, 5061],
  'a tunnel': [1194, 1723],
  MQTT: [1883, 8883],
  Caddy: [2019],
  NFS: [2049, 4045],
  ZooKeeper: [2181, 2182, 2888, 3888],
  Docker: [2375, 2376, 2377, 7946],
  etcd: [2379, 2380],
  iSCSI: [3260],
  'a directory': [3268, 3269],
  MySQL: [3306],
  'remote desktop': [3389, 5900, 5901, 5902, 5903],
  'Apple services': [3659],
  'mail filters': [4190],
  NATS: [4222, 6222, 8222],
  Erlang: [4369],
  Salt: [4505, 4506],
  Nomad: [4646, 4647, 4648],
  PostgreSQL: [5432, 5433, 6432],
  Kibana: [5601],
  RabbitMQ: [5671, 5672, 15671, 15672, 25672],
  CouchDB: [5984, 6984],
  WinRM: [5985, 5986],
  X11: [6000],
  Redis: [6379, 6380, 16379, 26379],
  Kubernetes: [6443, 10248, 10249, 10250, 10255, 10256, 10257, 10259],
  'a scanner': [6566],
  IRC: [6665, 6666, 6667, 6668, 6669, 6697, 6679],
  Cassandra: [7000, 7001, 9042, 9160],
  Neo4j: [7473, 7474, 7687],
  InfluxDB: [8086],
  StatsD: [8125],
  Vault: [8200, 8201],
  Consul: [8300, 8301, 8302, 8500, 8501, 8502, 8503, 8600],
  Solr: [8983],
  Prometheus: [9090, 9091, 9093, 9094, 9100],
  Kafka: [9092],
  Elasticsearch: [9200, 9300],
  Git: [9418],
  Envoy: [9901, 15000],
  Webmin: [10000],
  Zabbix: [10050, 10051],
  Amanda: [10080],
  memcached: [11211],
  MongoDB: [27017, 27018, 27019],
  RethinkDB: [28015, 29015],
};

const LISTENER = new Map(
  Object.entries(INTERNAL_PORTS).flatMap(([listener, ports]) => ports.map((port) => [port, listener] as const)),
);
const SYSTEM_PORT_MAX = 1023;
const WEB_PORTS: readonly number[] = [80, 443];

/**
 * Why the port may not be called, in words for the URL's owner; null when it may. Of the system ports (RFC 6335), which
 * belong to mail, shells, directories and the like, only those of the web pass. What is in `allowed` passes.
 */
export function portFault(port: number, allowed: readonly number[]): string | null {
  if (port === 0) return 'port 0 cannot be called';
  if (allowed.includes(port) || WEB_PORTS.includes(port)) return null;
  if (port <= SYSTEM_PORT_MAX) return `port ${port} is a system port, of which only 80 and 443 may be called`;
  const listener = LISTENER.get(port);
  return listener === undefined ? null : `port ${port} belongs to an internal service (${listener})`;
}
