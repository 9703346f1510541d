import type { Server } from 'node:http';
import { isIP } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { errorText, systemCode, VoltError } from '../kernel/errors.ts';
import { type Stage, type StageContext, showStage } from '../queues/stage.ts';
import type { Record } from '../record/record.ts';
import { Guard } from './access/guard.ts';
import { leaveAddress, urlOf } from './address.ts';
import { webApp } from './app.ts';
import { Assets } from './assets.ts';
import type { Web } from './context.ts';
import { FleetHistory } from './fleet-history.ts';
import { watchFleet } from './fleet-watch.ts';
import { LineIndexes } from './logs/index.ts';
import { Notices } from './streams/notices.ts';
import { OpenStreams } from './streams/sse.ts';
import { ensureToken } from './token.ts';

/** Answers under way when the stage stops get this many milliseconds to reach their clients. */
const farewell = 500;

/**
 * Starts the web stage: dashboard, JSON API, live logs and Bull Board. Its address is in the data directory's file
 * `web.url` while it runs.
 * @param options.port 0 for any free one
 * @throws VoltError `port_in_use`, `bad_setting`, `data_unwritable`
 */
export async function startWeb(
  context: StageContext & { record: Record },
  options: { host: string; port: number },
): Promise<Stage & { url: string }> {
  const logger = context.logger.child({ stage: 'web' });
  const { config, access } = context;
  const guard = new Guard(ensureToken(config), { record: context.record, logger });
  const streams = new OpenStreams(logger);
  const notices = await Notices.open(access, logger);
  const fleet = new FleetHistory();
  const assets = new Assets();
  const web: Web = { ...context, logger, guard, streams, notices, assets, lines: new LineIndexes(), fleet };
  const app = webApp(web, { bound: options.host, machine: config.host, url: config.url });
  const server = createAdaptorServer({ fetch: app.fetch, hostname: options.host }) as Server;
  let url: string;
  let takeAddressAway: () => void;
  try {
    url = urlOf(options.host, await listening(server, options));
    takeAddressAway = leaveAddress(config, url);
  } catch (error) {
    server.close();
    await notices.close();
    throw error;
  }
  server.on('error', (error) => logger.warn(`the server has met an error: ${errorText(error)}`));
  const shown = showStage(context, 'web');
  const watch = watchFleet(web);
  logger.info(`listening at ${url}`);
  return {
    url,
    stop: async () => {
      takeAddressAway();
      await watch.stop();
      streams.close();
      await closed(server);
      await notices.close();
      await shown.stop();
    },
  };
}

/** Resolves with the port when the server listens. */
async function listening(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    throw cannotListen(error, host, port);
  }
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

function cannotListen(error: unknown, host: string, port: number): VoltError {
  const where = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  if (systemCode(error) === 'EADDRINUSE') {
    return new VoltError('port_in_use', `another process listens on ${where} already`, {
      remedy: 'Stop that one, or give Volt another port by --port or VOLT_HTTP_PORT (0 takes any free one).',
      cause: error,
    });
  }
  return new VoltError('bad_setting', `cannot listen on ${where}: ${errorText(error)}`, {
    remedy: 'Give an address of this machine by --host or VOLT_HTTP_HOST, and a port that this user may take.',
    cause: error,
  });
}

/** Takes no more connections, and ends those that are left after a moment, as a slow client may hold one for long. */
async function closed(server: Server): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), farewell);
  await done;
  clearTimeout(timer);
}
