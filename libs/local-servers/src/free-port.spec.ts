import { createServer } from 'node:net';
import { once } from 'node:events';
import { freePort, isPortFree } from './free-port.js';

describe('freePort', () => {
  it('names a port that can be bound', async () => {
    expect(await isPortFree(await freePort())).toBe(true);
  });

  it('sees that another program listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };

    expect(await isPortFree(port)).toBe(false);
    server.close();
  });
});
