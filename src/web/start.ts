import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { errorText } from '../kernel/errors.ts';
import { type Stage, type StageContext, showStage } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { refuseProxyOfProvider } from '../record/providers.ts';
import { Guard } from './access/guard.ts';
import { ensureToken } from './access/main-token.ts';
import { signInUrl } from './access/sign-in-address.ts';
import { webApp } from './app.ts';
import { ConfigTexts } from './config-texts/config-texts.ts';
import { urlOf, writeAddresses } from './http/addresses.ts';
import { Assets } from './http/assets.ts';
import { Connections, serverOptions } from './http/connections.ts';
import { listenAt } from './http/listen.ts';
import { LineIndexes } from './logs/line-index.ts';
import { Searches } from './logs/searches.ts';
import type { Web } from './services.ts';
import { Notices } from './streams/notices.ts';
import { OpenStreams } from './streams/sse.ts';
import { Summaries } from './summaries/summaries.ts';

export interface WebStage extends Stage {
  /** address of the dashboard and the API */
  url: string;
  /** address where browsers sign in; only the person who runs Volt may see it */
  signIn: string;
}

/** Milliseconds that answers under way have to reach their clients when the stage stops. */
const stopTimeout = 500;

/**
 * Starts the web stage: dashboard, JSON API, live logs and Bull Board. While it runs, the data directory's files `web.url`
 * and `sign-in.url` have its address and the address to sign in at.
 * @param options.port 0 for any free port
 * @throws VoltError `port_in_use`, `bad_setting`, `data_unwritable`
 */
export async function startWeb(
  context: StageContext & { database: Database },
  options: { host: string; port: number },
): Promise<WebStage> {
  const logger = context.logger.child({ stage: 'web' });
  const { config, access } = context;
  await refuseProxyOfProvider(context.database, config);
  const guard = new Guard(ensureToken(config), { config, database: context.database, logger });
  const hosts = { bound: options.host, machine: config.host, url: config.url };
  const streams = new OpenStreams(logger);
  const notices = await Notices.open(access, logger);
  const own = {
    assets: new Assets(),
    lines: new LineIndexes(),
    searches: new Searches(),
    summaries: new Summaries(),
    configTexts: new ConfigTexts(),
  };
  const web: Web = { ...context, logger, guard, hosts, streams, notices, ...own };
  const app = webApp(web);
  const connections = new Connections();
  const makeServer = () => {
    const server = createAdaptorServer({ fetch: app.fetch, hostname: options.host, serverOptions }) as Server;
    connections.guard(server);
    return server;
  };
  let servers: Server[] = [];
  let urls: { url: string; signIn: string };
  let removeAddresses: () => void;
  try {
    const listening = await listenAt(makeServer, options);
    servers = listening.servers;
    const signIn = signInUrl({ hosts, privateHost: guard.privateHost }, listening.port);
    urls = { url: urlOf(options.host, listening.port), signIn };
    removeAddresses = writeAddresses(config, urls);
  } catch (error) {
    for (const server of servers) server.close();
    await notices.close();
    throw error;
  }
  for (const server of servers)
    server.on('error', (error) => logger.warn(`the HTTP server reports an error: ${errorText(error)}`));
  const shown = showStage(context, 'web');
  logger.info(`listening at ${urls.url}`);
  return {
    ...urls,
    stop: async () => {
      removeAddresses();
      streams.close();
      await Promise.all(servers.map(closed));
      await notices.close();
      await Promise.all([own.summaries.close(), own.searches.close(), own.configTexts.close()]);
      await shown.stop();
    },
  };
}

/** Closes a server: it accepts no more connections, and those of slow clients end after a timeout. */
async function closed(server: Server): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), stopTimeout);
  await done;
  clearTimeout(timer);
}
