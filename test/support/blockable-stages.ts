import { startDispatcher } from '../../src/dispatcher/start.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { startNotifier } from '../../src/notifier/start.ts';
import { startObserver } from '../../src/observer/start.ts';
import { Queues } from '../../src/queues/queues.ts';
import { Database } from '../../src/record/database.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { startReporter } from '../../src/reporter/start.ts';
import { startRunner } from '../../src/runner/start.ts';
import { startWeb } from '../../src/web/start.ts';
import { blockOnSignal } from './block-on-signal.ts';

/** All stages in one process, as in `volt up`; the main thread blocks for a while when it gets a signal. */
const [url = '', dataDir = '', healthFile = '', held] = process.argv.slice(-4);
const config = loadConfig({ dataDir, healthFile, isolation: 'none', logLevel: 'error' });
const logger = createLogger('error');
const access = await connectRedis(config, url, logger);
const database = await Database.open(config);
const context = { config, access, logger, database, queues: new Queues(access, logger, database) };
await startReporter(context);
await startNotifier(context);
await startDispatcher(context);
await startObserver(context);
await startWeb(context, { host: '127.0.0.1', port: 0 });
await startRunner(context, { name: 'box', labels: [], slots: 1, graceSeconds: 0 });
blockOnSignal(Number(held));
