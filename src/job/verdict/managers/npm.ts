import { firstMatch, ofAccess, ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** npm before 10 writes `npm ERR!`. */
const detail = (pattern: string) => new RegExp(`^npm (?:ERR!|error) ${pattern}`);

const lockRemedy = 'Run `npm install` and commit package-lock.json';

/** What `npm ci` and `npm install` tell by the code of their error. */
export const npm: readonly Rule[] = [
  {
    line: detail('code E404$'),
    blame: (_, lines) => {
      const name =
        firstMatch(lines, detail("404 +The requested resource '([^']+)'|404 +'([^']+)' is not in")) ?? 'a package';
      return ofCommit(
        `npm cannot find ${name} in the registry`,
        'Correct its name in package.json, or give the job credentials if it is private',
      );
    },
  },
  {
    line: detail('(?:notarget )?No matching version found for (\\S+)\\.'),
    blame: ([name]) => ofCommit(`npm finds no version ${name} in the registry`, 'Correct the version in package.json'),
  },
  {
    line: detail('code ERESOLVE$'),
    blame: (_, lines) => {
      const peer = firstMatch(lines, detail('(peer \\S+ from \\S+)'));
      return ofCommit(
        `npm finds versions in conflict${peer === undefined ? '' : `: ${peer}`}`,
        'Make the versions in package.json fit, or set `legacy-peer-deps=true` in .npmrc',
      );
    },
  },
  {
    line: detail('((?:Invalid|Missing): .*lock file.*)$'),
    blame: ([said]) => ofCommit(`package-lock.json does not fit package.json: ${said}`, lockRemedy),
  },
  {
    line: detail('.*`npm ci` command can only install with an existing package-lock'),
    blame: () => ofCommit('npm ci needs a lock file with lockfileVersion 1 or later', lockRemedy),
  },
  {
    line: detail('.*`npm ci` can only install packages when'),
    blame: () => ofCommit('package-lock.json does not fit package.json', lockRemedy),
  },
  {
    line: detail('code EJSONPARSE$'),
    blame: () => ofCommit('package.json or package-lock.json is not valid JSON', 'Correct it'),
  },
  {
    line: detail('(Unsupported URL Type .*)$'),
    blame: ([said]) => ofCommit(`npm cannot install a dependency: ${said}`, 'Correct its version in package.json'),
  },
  {
    line: detail("enoent ENOENT: no such file or directory, \\w+ '([^']+)'"),
    blame: ([path]) => ofCommit(`npm does not find ${path}`, 'Commit the file, or correct its path in package.json'),
  },
  {
    line: detail('code (EINVALIDPACKAGENAME|EINVALIDTAGNAME|EOVERRIDE)$'),
    blame: ([code]) => ofCommit(`npm refuses package.json with ${code}`, 'Correct it as the log says'),
  },
  {
    line: detail('code EBADENGINE$'),
    blame: (_, lines) =>
      ofTool(
        `npm needs another version of Node: ${firstMatch(lines, detail('notsup (Required: .*)$')) ?? 'see the log'}`,
        'Install that version on the runner, or correct `engines` in package.json',
      ),
  },
  {
    line: detail('code (E401|E403)$'),
    blame: ([code]) => ofAccess(`the registry of npm refuses access with ${code}`),
  },
  {
    line: detail(
      'code (E5\\d\\d|E429|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|CERT_\\w+|UNABLE_TO_\\w+|SELF_SIGNED\\w+|DEPTH_ZERO\\w+)$',
    ),
    blame: ([code]) => ofNetwork(`npm cannot reach the registry (${code})`),
  },
  {
    line: detail('code EINTEGRITY$'),
    blame: () =>
      ofMachine(
        'npm got a package whose checksum is not that of package-lock.json',
        'Check the mirror of the registry; if it is right, run `npm install` and commit package-lock.json',
      ),
  },
  {
    line: detail('An unknown git error occurred'),
    blame: (_, lines) =>
      ofMachine(
        `npm cannot fetch a git dependency: ${firstMatch(lines, detail('command (git .*)$')) ?? 'see the log'}`,
        'Check that the runner reaches its host and may read it',
      ),
  },
  {
    installing: true,
    line: detail('path (\\S.*)$'),
    blame: ([path = ''], lines) => {
      const command = firstMatch(lines, detail('command (?!failed$)(?:sh -c )?(\\S.*)$'));
      if (command === undefined) return undefined;
      const dependency = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
      return dependency === undefined
        ? ofCommit(`the project's own script failed during the installation: ${command}`, 'Read the log, and fix it')
        : ofMachine(
            `the package ${dependency} could not be built: ${command}`,
            'Install the compilers and libraries that it needs on the runner; the log names them',
          );
    },
  },
];
