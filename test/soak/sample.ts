import { readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { openProbe } from '../../src/redis/probe.ts';
import { parseRedisUrl } from '../../src/redis/url.ts';
import { until } from '../support/until.ts';
import type { SoakedVolt } from './installation.ts';

/** One sample of everything that could grow, by name. */
export type Sample = Map<string, number>;

/** @param commits number of commits pushed so far */
export async function sample(volt: SoakedVolt): Promise<Sample> {
  const found: Sample = new Map();
  found.set('heap after a collection, MB', (await heap(volt)) / 1e6);
  found.set('memory (RSS), MB', residentMemory(volt.pid));
  for (const [kind, count] of handles(volt.pid)) found.set(`handles: ${kind}`, count);
  found.set('processes', readdirSync('/proc').filter((pid) => isOf(volt, pid)).length);
  for (const [name, value] of await redis(volt.redisUrl())) found.set(name, value);
  for (const [folder, { files, bytes }] of folders(volt.dataDir)) {
    found.set(`files in ${folder}/`, files);
    found.set(`MB in ${folder}/`, bytes / 1e6);
  }
  for (const [table, rows] of tables(join(volt.dataDir, 'volt.db'))) found.set(`rows of ${table}`, rows);
  return found;
}

async function heap({ pid, heapFile }: SoakedVolt): Promise<number> {
  rmSync(heapFile, { force: true });
  process.kill(pid, 'SIGUSR2');
  let size = 0;
  await until('the heap is measured', () => {
    try {
      size = Number(readFileSync(heapFile, 'utf8'));
    } catch {
      size = 0;
    }
    return size > 0;
  });
  return size;
}

function residentMemory(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Open descriptors by the kind of file. */
function handles(pid: number): Map<string, number> {
  const counts = new Map([
    ['sockets', 0],
    ['pipes', 0],
    ['files', 0],
    ['others', 0],
  ]);
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    let target = '';
    try {
      target = readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // it belonged to this sample itself, or was closed in the meantime
      continue;
    }
    const kind = /^socket:/.test(target)
      ? 'sockets'
      : /^pipe:/.test(target)
        ? 'pipes'
        : target.startsWith('/')
          ? 'files'
          : 'others';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Whether a process belongs to this Volt: its data directory is in its environment or arguments. */
function isOf({ dataDir }: SoakedVolt, pid: string): boolean {
  if (!/^\d+$/.test(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataDir);
  } catch {
    return false;
  }
}

/** What BullMQ keeps for a day, or up to some thousands: ended messages and events of queues. */
const keptKey = /:bull:(jobs[^:]*:\d+-\d+\.\d+|[^:]+:(completed|events))$/;

/** Everything else must not grow. */
async function redis(url: string): Promise<[string, number][]> {
  const client = openProbe(parseRedisUrl(url), 5000);
  try {
    await client.connect();
    const count = { kept: 0, other: 0 };
    const bytes = { kept: 0, other: 0 };
    for await (const found of client.scanStream({ match: '*', count: 1000 })) {
      const keys = found as string[];
      const sizes = client.pipeline();
      for (const key of keys) sizes.call('MEMORY', 'USAGE', key, 'SAMPLES', '0');
      for (const [index, [, size]] of ((await sizes.exec()) ?? []).entries()) {
        const kind = keptKey.test(keys[index] ?? '') ? 'kept' : 'other';
        count[kind]++;
        // it may be gone
        bytes[kind] += (size as number | null) ?? 0;
      }
    }
    return [
      ['Redis: keys that are kept for a day', count.kept],
      ['Redis: other keys', count.other],
      ['Redis: MB of keys that are kept for a day', bytes.kept / 1e6],
      ['Redis: kB of other keys', bytes.other / 1e3],
    ];
  } finally {
    client.disconnect();
  }
}

/** Files and bytes of each folder of the data directory; files next to the folders count together. */
function folders(dataDir: string): Map<string, { files: number; bytes: number }> {
  const found = new Map<string, { files: number; bytes: number }>();
  const walk = (folder: string, top: string) => {
    const entry = found.get(top) ?? { files: 0, bytes: 0 };
    found.set(top, entry);
    for (const each of list(folder)) {
      const path = join(folder, each.name);
      if (each.isDirectory()) {
        walk(path, top === '.' ? each.name : top);
        continue;
      }
      entry.files++;
      entry.bytes += sizeOf(path);
    }
  };
  walk(dataDir, '.');
  return found;
}

function list(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // it is gone
    return [];
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function tables(file: string): [string, number][] {
  const database = new Database(file, { readonly: true, timeout: 5000 });
  try {
    const names = database.prepare("select name from sqlite_master where type = 'table'").all() as { name: string }[];
    return names.map(({ name }) => {
      const { rows } = database.prepare(`select count(*) as rows from "${name}"`).get() as { rows: number };
      return [name, rows];
    });
  } finally {
    database.close();
  }
}
