// The real server, with nothing set but what a test wants.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = process.env.WARMLINE ?? fileURLToPath(new URL('../../../target/debug/warmline', import.meta.url));

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts it in a folder of its own; answers its address once it is ready. */
export async function serve(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'warmline-'));
  const port = await freePort();
  const child = spawn(PROGRAM, ['serve', '--port', String(port)], {
    cwd: folder, env: { PATH: process.env.PATH, HOME: folder, RUST_LOG: 'warn', ...settings }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { log += data; });
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 20_000;
  for (;;) {
    const ready = await fetch(`${url}/healthz`).then((response) => response.ok, () => false);
    if (ready) break;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the server did not start:\n${log}`);
  }
  return {
    url,
    log: () => log,
    async close() {
      child.kill('SIGKILL');
      await new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
