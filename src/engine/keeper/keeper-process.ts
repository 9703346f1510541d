import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { emptyHeartbeat, heartbeatParts } from '../../kernel/supervisor-heartbeat.ts';
import { between, moment } from '../../system/clock.ts';
import { within } from '../../system/wait.ts';
import { Forwarder } from './forwarder.ts';
import { type KeeperNote, type KeeperTask, notesDescriptor } from './keeper-task.ts';
import { KeptContainers } from './kept-containers.ts';

/** Milliseconds between two looks at the lease. */
const interval = 100;
/** Milliseconds for the last notes. */
const lastNotes = 100;

/** The process of keeper.ts: ends the containers of a runner when its lease runs out, or its standard input ends. */
const task = JSON.parse(process.argv[2] ?? '') as KeeperTask;
const containers = new KeptContainers(task);
let renewed = moment();
let left = task.ttl * 1000;
const isOver = () => between(renewed, moment()) >= left;

const over = new Promise<void>((resolve) => {
  process.stdin.on('data', (chunk: Buffer) => {
    renewed = moment();
    left = (((chunk.at(-1) ?? emptyHeartbeat) - emptyHeartbeat) / heartbeatParts) * task.ttl * 1000;
  });
  for (const event of ['end', 'error'] as const) process.stdin.on(event, () => resolve());
  setInterval(async () => {
    if (!isOver()) return;
    // a machine that is very busy has run neither this process nor its timers: what was sent meanwhile counts
    for (let round = 0; round < 2; round++) await setImmediate();
    if (isOver()) resolve();
  }, interval);
});

const notes = new Socket({ fd: notesDescriptor, readable: true, writable: false });
notes.on('error', () => undefined);
const noted = createInterface(notes).on('line', (line) => containers.note(JSON.parse(line) as KeeperNote));
const allNoted = new Promise<void>((resolve) => noted.once('close', resolve));

// whoever signals a whole group or session does not mean it
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.stdout.on('error', () => undefined);

const forwarder = task.forward === undefined ? undefined : await Forwarder.start(task.forward, task.socket);
void containers.stayReachable();
process.stdout.write('ready\n');
await over;
// what a runner that is gone has written last; one that is frozen has nothing more to say
await within(allNoted, lastNotes);
await Promise.all([forwarder?.end(), containers.end()]);
process.exit(0);
