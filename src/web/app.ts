import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { VoltError } from '../kernel/errors.ts';
import { signInProxyOf } from '../kernel/proxy-sign-in.ts';
import { latestChange } from '../record/changes.ts';
import { anyPublic, nobody } from '../record/visibility.ts';
import { audited } from './access/audit.ts';
import { isFeed, tokenNeeded } from './access/bearer.ts';
import { comesFromOwnPage, isReading } from './access/csrf.ts';
import type { WebEnv } from './access/env.ts';
import { takeProxyIdentity } from './access/proxy-headers.ts';
import { limitedSignIns, limitedTests, limitedWrites, signInRate, testRate, writeRate } from './access/rate-limit.ts';
import { requestSourceOf } from './access/request-source.ts';
import { may, readerOf, requireRole } from './access/rights.ts';
import { toSignIn } from './access/to-sign-in.ts';
import { discovery, publicKeys } from './api/id-token-issuer.ts';
import { descriptionRoute } from './api/openapi.ts';
import { serveRoutes } from './api/route.ts';
import { routes } from './api/routes.ts';
import { atomFeed } from './feeds/atom.ts';
import { cctrayFeed } from './feeds/cctray.ts';
import { Hooks } from './hooks/hooks.ts';
import { compressed } from './http/compression.ts';
import { errorAnswers, nothingHere, wantsPage } from './http/errors.ts';
import { foreignHost, isOwnHost } from './http/hosts.ts';
import { badgeHeaders, boardHeaders, pageHeaders } from './http/security-headers.ts';
import { pageAct } from './page-acts.ts';
import { accessPage } from './pages/access/access.tsx';
import { grantFromPage, revokeFromPage } from './pages/access/acts.ts';
import { accountPage } from './pages/account/account.tsx';
import {
  chooseMailFromPage,
  endOthersFromPage,
  endSessionFromPage,
  makeTokenFromPage,
  revokeTokenFromPage,
} from './pages/account/acts.ts';
import { DevicePages } from './pages/account/device.tsx';
import { addRepositoryPage } from './pages/acts/add-repository.tsx';
import { addedPage } from './pages/acts/added.tsx';
import { checkFromPage, setDeployKeyFromPage, setPasswordFromPage } from './pages/acts/added-actions.ts';
import { buildNowPage } from './pages/acts/build-now.tsx';
import { addRepositoryFromPage } from './pages/acts/create-repository.ts';
import {
  cancelQueuedFromPage,
  cancelQueuedPage,
  retryErrorsFromPage,
  retryErrorsPage,
} from './pages/acts/many-builds.tsx';
import { requestPage } from './pages/acts/request.tsx';
import { startBuildFromPage } from './pages/acts/start-build.ts';
import { auditPage } from './pages/audit.tsx';
import { authorPicture } from './pages/author-picture.ts';
import { badge } from './pages/badge.ts';
import { buildPage } from './pages/build.tsx';
import {
  approveFromPage,
  approveJobFromPage,
  cancelFromPage,
  cancelJobFromPage,
  retryFromPage,
  retryJobFromPage,
} from './pages/build-actions.ts';
import { buildsPage } from './pages/builds.tsx';
import { applyFromPage, compareFromPage } from './pages/config/acts.ts';
import { configPage } from './pages/config/config.tsx';
import { errorPage } from './pages/error.tsx';
import { checkForgeFromPage, forgesPage } from './pages/forges.tsx';
import { addAppFromPage, beginAppFromPage, madeAppPage } from './pages/github-app.tsx';
import { internalsPage } from './pages/internals.tsx';
import { logPage } from './pages/log-page.tsx';
import { addTargetFromPage, removeTargetFromPage, testTargetFromPage } from './pages/notices/acts.ts';
import { noticesPage } from './pages/notices/notices.tsx';
import { stopFromPage, stopPage } from './pages/notices/stop.tsx';
import { changeTargetFromPage, targetPage, unmuteFromPage } from './pages/notices/target.tsx';
import {
  addAddressFromPage,
  addPersonFromPage,
  blockFromPage,
  removeAddressFromPage,
  removePersonFromPage,
  renamePersonFromPage,
  unblockFromPage,
} from './pages/people/acts.ts';
import { peoplePage } from './pages/people/people.tsx';
import { personPage } from './pages/people/person.tsx';
import { setPreferences } from './pages/preferences.ts';
import { addProviderFromPage, checkProviderFromPage, removeProviderFromPage } from './pages/providers/acts.ts';
import { providersPage } from './pages/providers/providers.tsx';
import { queueBoard } from './pages/queue-board.ts';
import { referencePage } from './pages/reference.tsx';
import { repositoriesPage } from './pages/repositories.tsx';
import { branchesPage } from './pages/repository/branches.tsx';
import { chartsPage } from './pages/repository/charts.tsx';
import { repositoryPage } from './pages/repository/overview.tsx';
import { removeFromPage, removePage } from './pages/repository/remove.tsx';
import { saveSettingsFromPage } from './pages/repository/save-settings.ts';
import { settingsPage } from './pages/repository/settings.tsx';
import { runnerPage } from './pages/runner.tsx';
import { drainFromPage, resumeFromPage } from './pages/runner-drain.tsx';
import { runnersPage } from './pages/runners.tsx';
import { searchPage } from './pages/search.tsx';
import { shortcutsPage } from './pages/shortcuts.tsx';
import { signInPage } from './pages/sign-in/form.tsx';
import { signedOutPage, signOut } from './pages/sign-in/signed-out.tsx';
import { beginWithProvider, finishWithProvider } from './pages/sign-in/with-provider.tsx';
import { signIn } from './pages/sign-in/with-token.ts';
import { startPage } from './pages/start.tsx';
import { testPage } from './pages/test.tsx';
import { testsPage } from './pages/tests.tsx';
import { DeviceEndpoints, devicePath } from './requests/device-endpoints.ts';
import { beginPath, madePath } from './requests/github-app.ts';
import type { Web } from './services.ts';
import { backChannelLogout } from './sign-in/back-channel-logout.ts';
import { health } from './status/health.ts';

/** The most bytes of a request's body. */
const largestBody = 1024 * 1024;

/** All routes of the web stage. */
export function webApp(web: Web, writes = writeRate): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  const proxy = signInProxyOf(web.config);
  app.onError(errorAnswers(web.logger, (context, error) => errorPage(context, web, error)));
  app.notFound(nothingHere);

  app.use(compressed, (context, next) => headersOf(context.req.path)(context, next));
  app.use(async (context, next) => {
    context.set('told', proxy && takeProxyIdentity(context, proxy));
    context.set('source', requestSourceOf(context, web.hosts, proxy));
    context.set('caller', undefined);
    context.set('session', undefined);
    context.set('signedIn', false);
    context.set('reader', nobody);
    if (!isOwnHost(context.req.header('host'), web.hosts)) throw foreignHost(context.req.header('host'));
    const caller = await web.guard.callerOf(context);
    context.set('caller', caller);
    context.set('signedIn', caller !== undefined);
    await next();
  });

  // open to everybody: only what signing in, health checks and choices kept in the browser need
  app.get('/healthz', async (context) => {
    const state = await health(web);
    return context.json(state, state.status === 'ok' ? 200 : 503);
  });
  app.get('/public/:name', (context) => web.assets.answer(context));
  app.get('/sign-in', (context) => signInPage(context, web));
  app.post('/sign-in', limitedBody, fromOwnPage, (context) => signIn(context, web));
  app.use('/sign-in/with/*', limitedSignIns(signInRate));
  app.get('/sign-in/with/:name', (context) => beginWithProvider(context, web));
  app.get('/sign-in/with/:name/callback', (context) => finishWithProvider(context, web));
  app.get('/sign-in/with/:name/signed-out', (context) => signedOutPage(context, web));
  app.post('/sign-in/with/:name/logout', limitedBody, (context) => backChannelLogout(context, web));
  app.post('/sign-out', (context) => signOut(context, web));
  app.post('/preferences', limitedBody, setPreferences);

  // clouds and registries ask for these without signing in
  app.get('/.well-known/openid-configuration', (context) => discovery(context, web));
  app.get('/.well-known/jwks', (context) => publicKeys(context, web));

  // without a session, which browsers do not send when another site leads to it
  app.get(madePath, (context) => madeAppPage(context, web));

  // the link of a mail is signed, and mail programs have no session
  app.get('/notices/stop/:target/:token', (context) => stopPage(context, web));
  app.post('/notices/stop/:target/:token', limitedBody, limitedWrites(writes), (context) => stopFromPage(context, web));

  // programs ask to be signed in, before they have a token
  const devices = new DeviceEndpoints(web);
  app.post('/oauth/device', limitedBody, (context) => devices.ask(context));
  app.post('/oauth/token', limitedBody, (context) => devices.token(context));

  // authenticated by their signature; Hooks limits the body
  const hooks = new Hooks(web);
  app.post('/hooks/forges/:name', (context) => hooks.answerApp(context, context.req.param('name')));
  app.post('/hooks/:repo', (context) => hooks.answer(context, context.req.param('repo')));

  app.use(allowed(web), limitedWrites(writes), audited(web));
  app.use((context, next) => (isReading(context) ? next() : limitedBody(context, next)));
  const tests = limitedTests(testRate);
  for (const path of ['/notices/:name/test', '/api/v1/notice-targets/:name/test']) app.use(path, tests);

  const api = new Hono<WebEnv>();
  serveRoutes(api, [...routes, descriptionRoute], web);
  app.route('/api/v1', api);

  app.get('/metrics', async (context) => {
    // the first request loads the library that formats metrics
    const { metricsPage } = await import('./metrics/metrics.ts');
    const { text, type } = await metricsPage(web, context.get('reader'));
    return context.body(text, 200, { 'content-type': type });
  });

  const act = (path: string, action: string, answer: (context: Context<WebEnv>, web: Web) => Promise<Response>) =>
    app.post(path, pageAct(web, path, action), (context) => answer(context, web));

  app.get('/', (context) => startPage(context, web));
  app.get('/builds', (context) => buildsPage(context, web));
  app.get('/search', (context) => searchPage(context, web));
  app.get('/builds/cancel-queued', (context) => cancelQueuedPage(context, web));
  act('/builds/cancel-queued', 'builds.cancel-queued', cancelQueuedFromPage);
  app.get('/builds/retry-errors', (context) => retryErrorsPage(context, web));
  act('/builds/retry-errors', 'builds.retry-errors', retryErrorsFromPage);
  app.get('/shortcuts', (context) => shortcutsPage(context, web));
  app.get('/builds/:id', (context) => buildPage(context, web));
  act('/builds/:id/cancel', 'builds.cancel', cancelFromPage);
  act('/builds/:id/retry', 'builds.retry', retryFromPage);
  act('/builds/:id/approve', 'builds.approve', approveFromPage);
  app.get('/jobs/:id/log', (context) => logPage(context, web));
  act('/jobs/:id/approve', 'jobs.approve', approveJobFromPage);
  act('/jobs/:id/cancel', 'jobs.cancel', cancelJobFromPage);
  act('/jobs/:id/retry', 'jobs.retry', retryJobFromPage);
  app.get('/api', (context) => referencePage(context, web));
  app.get('/audit', (context) => auditPage(context, web));
  app.get('/notices', (context) => noticesPage(context, web));
  app.get('/notices/:name', (context) => targetPage(context, web));
  act('/notices', 'notice-targets.add', addTargetFromPage);
  act('/notices/:name', 'notice-targets.change', changeTargetFromPage);
  act('/notices/:name/unmute', 'notice-targets.mutes.remove', unmuteFromPage);
  act('/notices/:name/test', 'notice-targets.test', testTargetFromPage);
  act('/notices/:name/remove', 'notice-targets.remove', removeTargetFromPage);
  app.get('/access', (context) => accessPage(context, web));
  act('/access/grant', 'access.grant', grantFromPage);
  act('/access/revoke', 'access.revoke', revokeFromPage);
  app.get('/people', (context) => peoplePage(context, web));
  act('/people', 'people.add', addPersonFromPage);
  app.get('/people/:name', (context) => personPage(context, web));
  act('/people/:name/rename', 'people.change', renamePersonFromPage);
  act('/people/:name/block', 'people.block', blockFromPage);
  act('/people/:name/unblock', 'people.unblock', unblockFromPage);
  act('/people/:name/remove', 'people.remove', removePersonFromPage);
  act('/people/:name/addresses', 'people.addresses.set', addAddressFromPage);
  act('/people/:name/addresses/remove', 'people.addresses.remove', removeAddressFromPage);
  app.get('/config', (context) => configPage(context, web));
  act('/config/diff', 'config.diff', compareFromPage);
  act('/config/apply', 'config.apply', applyFromPage);
  app.get('/forges', (context) => forgesPage(context, web));
  act(beginPath, 'forges.make-app', beginAppFromPage);
  act('/forges/github-app/add', 'forges.add', addAppFromPage);
  act('/forges/:name/check', 'forges.check', checkForgeFromPage);
  app.get('/providers', (context) => providersPage(context, web));
  act('/providers', 'providers.add', addProviderFromPage);
  act('/providers/:name/check', 'providers.check', checkProviderFromPage);
  act('/providers/:name/remove', 'providers.remove', removeProviderFromPage);
  app.get('/repos', (context) => repositoriesPage(context, web));
  app.get('/repos/new', (context) => addRepositoryPage(context, web));
  act('/repos/new', 'repos.add', addRepositoryFromPage);
  app.get('/repos/:name/added', (context) => addedPage(context, web));
  act('/repos/:name/check', 'repos.check', checkFromPage);
  act('/repos/:name/credential', 'repos.credential.https.set', setPasswordFromPage);
  act('/repos/:name/deploy-key', 'repos.credential.ssh.set', setDeployKeyFromPage);
  app.get('/repos/:name', (context) => repositoryPage(context, web));
  app.get('/repos/:name/branches', (context) => branchesPage(context, web));
  app.get('/repos/:name/charts', (context) => chartsPage(context, web));
  app.get('/repos/:name/settings', (context) => settingsPage(context, web));
  app.get('/repos/:name/build', (context) => buildNowPage(context, web));
  act('/repos/:name/build', 'repos.trigger', startBuildFromPage);
  app.get('/requests/:id', (context) => requestPage(context, web));
  act('/repos/:name/settings', 'repos.change', saveSettingsFromPage);
  app.get('/repos/:name/remove', (context) => removePage(context, web));
  act('/repos/:name/remove', 'repos.remove', removeFromPage);
  app.get('/repos/:name/tests', (context) => testsPage(context, web));
  app.get('/repos/:name/tests/:id', (context) => testPage(context, web));
  app.get('/builds.atom', (context) => atomFeed(context, web));
  app.get('/cctray.xml', (context) => cctrayFeed(context, web));
  app.get('/avatars/:build', (context) => authorPicture(context, web));
  app.get('/badge/:file', (context) => badge(context, web));
  app.get('/runners', (context) => runnersPage(context, web));
  app.get('/runners/:name', (context) => runnerPage(context, web));
  act('/runners/:name/drain', 'runners.drain', drainFromPage);
  act('/runners/:name/resume', 'runners.resume', resumeFromPage);
  app.get('/account', (context) => accountPage(context, web));
  act('/account/mail', 'account.mail.set', chooseMailFromPage);
  act('/account/sessions/end-others', 'account.sessions.end-others', endOthersFromPage);
  act('/account/sessions/:id/end', 'account.sessions.remove', endSessionFromPage);
  act('/account/tokens', 'account.tokens', makeTokenFromPage);
  act('/account/tokens/:name/revoke', 'account.tokens.remove', revokeTokenFromPage);
  const device = new DevicePages(web);
  app.get(devicePath, (context) => device.page(context));
  act(devicePath, 'device.confirm', (context) => device.decide(context));

  app.get('/internals', forAdmins, (context) => internalsPage(context, web));
  const board = queueBoard(web);
  app.all('/queues', forAdmins, board);
  app.all('/queues/*', forAdmins, board);
  return app;
}

function headersOf(path: string): MiddlewareHandler<WebEnv> {
  if (path.startsWith('/badge/')) return badgeHeaders;
  return isBoard(path) ? boardHeaders : pageHeaders;
}

function isBoard(path: string): boolean {
  return path === '/queues' || path.startsWith('/queues/');
}

/**
 * Without a role, a client may read what VOLT_READING allows, and change nothing. Everybody may read public repositories. To who has
 * not signed in, everything else answers that one must, whether it exists or not.
 */
function allowed({ config, database }: Web): MiddlewareHandler<WebEnv> {
  return async (context, next) => {
    const isKnown = context.get('signedIn');
    if (!isReading(context) && !isKnown) throw tokenNeeded(context, 'changing anything');
    const reader = readerOf(context, config.reading);
    context.set('reader', reader);
    if (isReading(context) && wantsPage(context)) context.set('change', await latestChange(database));
    const isMetrics = context.req.path === '/metrics';
    // metrics tell about the machines, so they are open to local requests only
    const isOpen = reader.internal && (!isMetrics || context.get('source').local);
    // each route that changes something asks for the role that it needs
    if (may(context, 'read') || isOpen || !isReading(context)) return next();
    if (isKnown) {
      if (!ofEverybodySignedIn.test(context.req.path)) requireRole(context, 'read', 'reading this');
      return next();
    }
    const refuse = () => {
      // readers of feeds may accept HTML, too
      if (!wantsPage(context) || isFeed(context)) throw tokenNeeded(context, 'reading this from your address');
      return toSignIn(context);
    };
    if (!ofRepositories.test(context.req.path) || !(await anyPublic(database))) return refuse();
    await next();
    if (context.res.status === 404) context.res = refuse();
  };
}

/** Paths with data of repositories only, without data of machines and people. */
const ofRepositories =
  /^\/($|builds($|\/|\.atom$)|cctray\.xml$|search$|shortcuts$|repos($|\/)|badge\/|avatars\/|api$|api\/v1\/(openapi\.json$|events$|search$|builds($|\/)|jobs\/|repos($|\/)))/;

/** The same, and the account of whoever has signed in, with the programs that act as them. */
const ofEverybodySignedIn = new RegExp(`${ofRepositories.source}|^/(account|api/v1/account|device)($|/)`);

/** The queues hold messages of all repositories, and acting on them can lose messages. */
const forAdmins: MiddlewareHandler<WebEnv> = async (context, next) => {
  if (!context.get('caller') && wantsPage(context)) return toSignIn(context);
  requireRole(context, 'admin', isReading(context) ? 'reading the queues' : 'changing the queues');
  if (!isReading(context)) {
    context.set('action', 'queues.act');
    context.set('target', context.req.path.replace(/^\/queues\/api\/queues\//, ''));
  }
  return next();
};

/** Refuses to sign a browser in from a page of another site. */
const fromOwnPage: MiddlewareHandler<WebEnv> = async (context, next) => {
  const isBrowser = context.req.header('origin') !== undefined || context.req.header('sec-fetch-site') !== undefined;
  if (isBrowser && !comesFromOwnPage(context)) throw tokenNeeded(context, 'signing in from another site');
  await next();
};

const limitedBody: MiddlewareHandler<WebEnv> = bodyLimit({
  maxSize: largestBody,
  onError: () => {
    throw new VoltError('too_large', 'the body of the request is larger than 1 MB', { remedy: 'Send a smaller body.' });
  },
});
