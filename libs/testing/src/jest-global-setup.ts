import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

// Jest transforms this file and what it imports, but leaves resolving to Node, which knows only the build. These hooks
// point it at the sources instead, so tests need no build and never meet an old one.
registerHooks({
  resolve(specifier, context, nextResolve) {
    const lib = /^#libs\/(.+)$/.exec(specifier)?.[1];
    if (lib) return nextResolve(fileURLToPath(new URL(`../../${lib}/src/index.ts`, import.meta.url)), context);
    const fromSource = context.parentURL?.endsWith('.ts') && /^\.{1,2}\/.*\.js$/.test(specifier);
    return nextResolve(fromSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});

/** Runs once for each jest project; the servers start once for the whole run. */
export default async function setUpServers(): Promise<void> {
  const { startTestServers } = await import('./test-servers.js');
  await startTestServers();
}
