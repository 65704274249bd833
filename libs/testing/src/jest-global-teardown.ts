/** Runs once for each jest project; the first call ends the servers and leaves no file behind. */
export default async function tearDownServers(): Promise<void> {
  const { stopTestServers } = await import('./test-servers.js');
  await stopTestServers();
}
