import { fastify } from 'fastify';
import { RouteTable } from './route-table.js';

describe('RouteTable', () => {
  const routes = new RouteTable();

  beforeAll(async () => {
    const server = fastify();
    routes.follow(server);
    const answer = () => 'ok';
    server.get('/v1/accounts', answer).post('/v1/accounts', answer);
    server.get('/v1/accounts/:id', answer).delete('/v1/accounts/:id', answer);
    server.get('/docs/*', answer).get('/openapi.json', answer);
    await server.ready();
  });

  it.each([
    ['/v1/accounts', ['GET', 'HEAD', 'POST']],
    ['/v1/accounts/acc_1', ['DELETE', 'GET', 'HEAD']],
    ['/docs/a/b.css', ['GET', 'HEAD']],
    ['/openapiXjson', []],
    ['/v1/accounts/acc_1/x', []],
    ['/v1/accounts/', []],
  ])('knows for %s the methods %j', (path, methods) => {
    expect(routes.methodsOf(path)).toEqual(methods);
  });
});
