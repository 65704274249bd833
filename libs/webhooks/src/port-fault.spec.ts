import { portFault } from './port-fault.js';

/** The Fetch standard's "bad ports": https://fetch.spec.whatwg.org/#port-blocking */
const BAD_PORTS_OF_BROWSERS = [
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

const INTERNAL = {
  ssh: 22,
  telnet: 23,
  smtp: 25,
  dns: 53,
  kerberos: 88,
  'windows rpc': 135,
  ldap: 389,
  smb: 445,
  submission: 587,
  ldaps: 636,
  rsync: 873,
  'sql server': 1433,
  oracle: 1521,
  nfs: 2049,
  zookeeper: 2181,
  docker: 2375,
  'docker with tls': 2376,
  etcd: 2379,
  squid: 3128,
  mysql: 3306,
  rdp: 3389,
  postgres: 5432,
  pgbouncer: 6432,
  rabbitmq: 5672,
  'rabbitmq, management': 15672,
  vnc: 5900,
  winrm: 5985,
  redis: 6379,
  'redis sentinel': 26379,
  'kubernetes api': 6443,
  kubelet: 10250,
  cassandra: 9042,
  vault: 8200,
  consul: 8500,
  prometheus: 9090,
  kafka: 9092,
  elasticsearch: 9200,
  memcached: 11211,
  mongodb: 27017,
};

describe('portFault', () => {
  it.each(Object.entries(INTERNAL))('refuses the port of %s (%i)', (_listener, port) => {
    expect(portFault(port, [])).toMatch(new RegExp(`^port ${port} (is|belongs) `));
  });

  it('refuses whatever browsers refuse', () => {
    expect(BAD_PORTS_OF_BROWSERS.filter((port) => portFault(port, []) === null)).toEqual([]);
  });

  it('lets 80 and 443 alone of the system ports be called', () => {
    const callable = Array.from({ length: 1024 }, (_, port) => port).filter((port) => portFault(port, []) === null);
    expect(callable).toEqual([80, 443]);
  });

  it.each([3000, 4000, 5000, 8000, 8080, 8443, 8888, 9443, 31_337])(
    'lets %i be called, where applications listen',
    (port) => {
      expect(portFault(port, [])).toBeNull();
    },
  );

  it('refuses no port that a system hands out to whoever asks', () => {
    const handedOut = Array.from({ length: 65_536 - 32_768 }, (_, index) => 32_768 + index);
    expect(handedOut.filter((port) => portFault(port, []) !== null)).toEqual([]);
  });

  it('lets a port be called that the operator allows, that one only, and never port 0', () => {
    expect(portFault(25, [25, 6379])).toBeNull();
    expect(portFault(6379, [25, 6379])).toBeNull();
    expect(portFault(22, [25, 6379])).toBe('port 22 is a system port, of which only 80 and 443 may be called');
    expect(portFault(6380, [25, 6379])).toBe('port 6380 belongs to an internal service (Redis)');
    expect(portFault(0, [0])).toBe('port 0 cannot be called');
  });
});
