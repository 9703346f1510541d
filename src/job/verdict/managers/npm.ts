import {
  access,
  commit,
  firstMatch,
  machine,
  network,
  notBuilt,
  ownScript,
  type Rule,
  tool,
  whileInstalling,
} from '../blame.ts';

/** npm before 10 writes `npm ERR!`. */
const detail = (pattern: string) => new RegExp(`^npm (?:ERR!|error) ${pattern}`);

/** What other lines tell about the error. */
const notFound = detail("404 +The requested resource '([^']+)'|404 +'([^']+)' is not in");
const peer = detail('(peer \\S+ from \\S+)');
const required = detail('notsup (Required: .*)$');
const gitCommand = detail('command (git .*)$');
const scriptCommand = detail('command (?!failed$)(?:sh -c )?(\\S.*)$');

const lockRemedy = 'Run `npm install` and commit package-lock.json';

/** What `npm ci` and `npm install` tell by the code of their error. */
export const npm: readonly Rule[] = [
  commit(
    detail('code E404$'),
    (_, lines) => `npm cannot find ${firstMatch(lines, notFound) ?? 'a package'} in the registry`,
    'Correct its name in package.json, or give the job credentials if it is private',
  ),
  commit(
    detail('(?:notarget )?No matching version found for (\\S+)\\.'),
    'npm finds no version $1 in the registry',
    'Correct the version in package.json',
  ),
  commit(
    detail('code ERESOLVE$'),
    (_, lines) => `npm finds versions in conflict: ${firstMatch(lines, peer) ?? 'see the log'}`,
    'Make the versions in package.json fit, or set `legacy-peer-deps=true` in .npmrc',
  ),
  commit(
    detail('((?:Invalid|Missing): .*lock file.*)$'),
    'package-lock.json does not fit package.json: $1',
    lockRemedy,
  ),
  commit(
    detail('.*`npm ci` command can only install with an existing package-lock'),
    'npm ci needs a lock file with lockfileVersion 1 or later',
    lockRemedy,
  ),
  commit(
    detail('.*`npm ci` can only install packages when'),
    'package-lock.json does not fit package.json',
    lockRemedy,
  ),
  commit(detail('code EJSONPARSE$'), 'package.json or package-lock.json is not valid JSON', 'Correct it'),
  commit(
    detail('(Unsupported URL Type .*)$'),
    'npm cannot install a dependency: $1',
    'Correct its version in package.json',
  ),
  commit(
    detail("enoent ENOENT: no such file or directory, \\w+ '([^']+)'"),
    'npm does not find $1',
    'Commit the file, or correct its path in package.json',
  ),
  commit(
    detail('code (EINVALIDPACKAGENAME|EINVALIDTAGNAME|EOVERRIDE)$'),
    'npm refuses package.json with $1',
    'Correct it as the log says',
  ),
  tool(
    detail('code EBADENGINE$'),
    (_, lines) => `npm needs another version of Node: ${firstMatch(lines, required) ?? 'see the log'}`,
    'Install that version on the runner, or correct `engines` in package.json',
  ),
  access(detail('code (E401|E403)$'), 'the registry of npm refuses access with $1'),
  network(
    detail(
      'code (E5\\d\\d|E429|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|CERT_\\w+|UNABLE_TO_\\w+|SELF_SIGNED\\w+|DEPTH_ZERO\\w+)$',
    ),
    'npm cannot reach the registry ($1)',
  ),
  machine(
    detail('code EINTEGRITY$'),
    'npm got a package whose checksum is not that of package-lock.json',
    'Check the mirror of the registry; if it is right, run `npm install` and commit package-lock.json',
  ),
  machine(
    detail('An unknown git error occurred'),
    (_, lines) => `npm cannot fetch a git dependency: ${firstMatch(lines, gitCommand) ?? 'see the log'}`,
    'Check that the runner reaches its host and may read it',
  ),
  whileInstalling(
    notBuilt(detail('path .*/node_modules/((?:@[^/]+/)?[^/]+)'), ([name], lines) => {
      const command = firstMatch(lines, scriptCommand);
      return command && `the package ${name} could not be built: ${command}`;
    }),
  ),
  whileInstalling(
    ownScript(detail('path \\S'), (_, lines) => {
      const command = firstMatch(lines, scriptCommand);
      return command && `the project's own script failed during the installation: ${command}`;
    }),
  ),
];
