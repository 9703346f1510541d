import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { JobUser, SandboxPath, SandboxView } from '../../exec/isolation.ts';
import { type Config, settingFiles } from '../../kernel/config.ts';
import type { JobHome } from './job-home.ts';
import { keepWhole } from './whole-file.ts';

/** Where a job in a sandbox sees its folder `environment`: an environment of Python has its own path in its files. */
export const environmentPath = '/volt/environment';
/** The folder of the command files of steps: the job's user owns the files, but not the folder. */
export const commands = 'commands';
/** Folders that containers get under the paths of GitHub: their home, and that of the file with the event. */
export const containerFolders = { home: '_github_home', event: '_github_workflow' } as const;

interface SandboxedJob {
  /** the job's own folder */
  folder: string;
  /** folder of files that Volt makes for the jobs of this runner */
  shared: string;
  home: Pick<JobHome, 'path' | 'from' | 'user' | 'overlays'>;
  /** folders of programs; those that are missing, or a whole home, are not shown */
  programs: readonly string[];
  /** further files and folders that the job can read */
  shown: readonly string[];
  /** files of /etc that the job sees others for */
  replaced: readonly SandboxPath[];
}

/** What a job in a sandbox sees of this machine: what it can read, what it can write, and what is hidden. */
export function sandboxView(
  config: Config,
  { folder, shared, home, programs, shown, replaced }: SandboxedJob,
): SandboxView {
  const inside = (name: string, to = join(folder, name)): SandboxPath => ({ from: join(folder, name), to });
  const readable = [
    ...programFolders(programs, config.dataDir),
    ...(config.sandboxPaths?.split(':') ?? []).map((path) => resolve(path)),
    ...shown,
  ];
  const ofAccounts = accounts(home.from === home.path ? shared : folder, basename(home.path), home.user, home.path);
  return {
    readable: [...ofAccounts, ...replaced, ...readable.map((path) => ({ from: path, to: path }))],
    temporary: [inside('tmp', '/tmp'), inside('var-tmp', '/var/tmp')],
    writable: [
      ...['workspace', 'temp', 'actions', 'reports', commands, ...Object.values(containerFolders)].map((name) =>
        inside(name),
      ),
      inside('environment', environmentPath),
      { from: home.from, to: home.path },
    ],
    overlays: home.overlays,
    hidden: hiddenPaths(config),
  };
}

/** The paths of Volt's secrets, wherever they are. */
function hiddenPaths(config: Config): string[] {
  const database = /^sqlite:(?:\/\/)?(\/.*)$/.exec(config.databaseUrl ?? '')?.[1];
  // files that SQLite writes next to a database contain parts of it
  const databaseFiles =
    database === undefined ? [] : ['', '-wal', '-shm', '-journal'].map((end) => `${database}${end}`);
  return [config.dataDir, ...databaseFiles, config.secretsKeyFile, '/etc/volt', ...settingFiles()].flatMap((path) =>
    path === undefined ? [] : resolve(path),
  );
}

/** Node, which runs actions, and the folders of the search path. The rest of a home stays hidden. */
function programFolders(folders: readonly string[], dataDir: string): string[] {
  const programs = dirname(process.execPath);
  const modules = join(dirname(programs), 'lib', 'node_modules');
  return [...new Set([programs, modules, ...folders])].filter(
    (entry) => !`${dataDir}/`.startsWith(`${entry}/`) && entry !== homedir() && existsSync(entry),
  );
}

/** /etc/passwd and /etc/group with the job's user, whom many programs look up. */
function accounts(shared: string, owner: string, { uid, gid }: JobUser, home: string): SandboxPath[] {
  const files: [file: string, line: string, number: number][] = [
    ['passwd', `volt:x:${uid}:${gid}:Job of Volt:${home}:/bin/sh`, uid],
    ['group', `volt:x:${gid}:`, gid],
  ];
  return files.flatMap(([file, line, number]) => {
    const known = `/etc/${file}`;
    if (!existsSync(known)) return [];
    const others = readFileSync(known, 'utf8').replace(new RegExp(`^[^:\\n]*:[^:\\n]*:${number}:.*\\n?`, 'gm'), '');
    const own = join(shared, `${file}-${owner}`);
    keepWhole(own, Buffer.from(`${line}\n${others}`));
    return [{ from: own, to: known }];
  });
}
