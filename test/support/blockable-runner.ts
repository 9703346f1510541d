import { loadConfig } from '../../src/kernel/config.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { Queues } from '../../src/queues/queues.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { startRunner } from '../../src/runner/start.ts';
import { blockOnSignal } from './block-on-signal.ts';

/** A runner whose main thread blocks for a while when it gets a signal. */
const [url = '', dataDir = '', held] = process.argv.slice(-3);
const config = loadConfig({ dataDir, isolation: 'none', logLevel: 'error' });
const logger = createLogger('error');
const access = await connectRedis(config, url, logger);
const context = { config, access, logger, queues: new Queues(access, logger) };
await startRunner(context, { name: 'box', labels: [], slots: 2, graceSeconds: 0 });
blockOnSignal(Number(held));
