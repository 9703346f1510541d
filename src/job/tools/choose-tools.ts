import { dirname } from 'node:path';
import type { ToolVersion } from '../discovery/project.ts';
import type { InstalledVersion, TestHost } from '../test-host.ts';
import { compareVersions, satisfies, type Version, versionOf } from './version-range.ts';

/** The programs that tell the versions of tools. */
const tellers: { [tool: string]: [program: string, ...args: string[]] } = {
  ...{ node: ['node', '--version'], bun: ['bun', '--version'], deno: ['deno', '--version'] },
  ...{ python: ['python3', '--version'], ruby: ['ruby', '--version'], php: ['php', '--version'] },
  ...{
    java: ['java', '-version'],
    dotnet: ['dotnet', '--version'],
    go: ['go', 'version'],
    rust: ['rustc', '--version'],
  },
  ...{ crystal: ['crystal', '--version'], zig: ['zig', 'version'] },
};

/** A job of a project that needs tools. */
export interface ToolsJob {
  tools: readonly ToolVersion[];
  /** the search path */
  path: string;
  /** where it looks for them */
  host: Pick<TestHost, 'title' | 'find' | 'installed'>;
  /** Runs a program with the job's rights in the project's folder. */
  run(argv: readonly string[]): Promise<{ exitCode: number | null; output: string }>;
}

/** The environment in which a project has the versions that it asks for, as far as the machine has them. */
export interface ChosenTools {
  path: string;
  env: { JAVA_HOME?: string };
  /** what was chosen, or is used instead, for the log */
  notices: string[];
}

/** Prepends the folders of the versions that a project asks for to the search path. */
export async function chooseTools(job: ToolsJob): Promise<ChosenTools> {
  const chosen: ChosenTools = { path: job.path, env: {}, notices: [] };
  for (const asked of job.tools) {
    const found = await versionFor(asked, job);
    if (found?.notice !== undefined) chosen.notices.push(found.notice);
    if (found?.folder === undefined) continue;
    chosen.path = `${found.folder}:${chosen.path}`;
    if (asked.tool === 'java') chosen.env.JAVA_HOME = dirname(found.folder);
  }
  return chosen;
}

async function versionFor(
  asked: ToolVersion,
  job: ToolsJob,
): Promise<{ folder?: string; notice?: string } | undefined> {
  const { tool, version, because } = asked;
  const { host } = job;
  const [program, ...args] = tellers[tool] ?? [];
  const file = program === undefined ? undefined : await host.find(program, job.path);
  // rustup takes the version from the same file
  if (tool === 'rust' && file !== undefined && (await host.find('rustup', dirname(file))) !== undefined)
    return undefined;
  const present = file === undefined ? undefined : await versionTold([program as string, ...args], tool, job);
  if (present && satisfies(present, version, tool)) return undefined;
  // a Go that is not old fetches what go.mod asks for
  if (present && tool === 'go' && compareVersions(present, [1, 21]) >= 0) return undefined;
  const installed = host.installed(tool);
  const fitting = newest(installed.filter((each) => fits(each, asked)));
  const asks = `${because} asks for ${tool} ${version}`;
  if (fitting) return { folder: fitting.folder, notice: `${asks}: ${fitting.manager} has ${fitting.name}` };
  if (present) return { notice: `${asks}, which ${host.title} does not have: it uses ${present.join('.')} instead` };
  // the program on the search path does not work: the shim of a version manager for a version that it lacks
  const other = file === undefined ? undefined : newest(installed);
  if (!other) return undefined;
  const notice = `${asks}, which ${host.title} does not have: it uses ${other.name} of ${other.manager} instead`;
  return { folder: other.folder, notice };
}

function fits({ version, name }: InstalledVersion, { tool, version: asked }: ToolVersion): boolean {
  // a channel of Rust, which may have a date
  if (tool === 'rust' && name.startsWith(`${asked}-`)) return true;
  return version.length > 0 && satisfies(version, asked, tool);
}

function newest(versions: readonly InstalledVersion[]): InstalledVersion | undefined {
  return versions.toSorted((a, b) => compareVersions(b.version, a.version))[0];
}

async function versionTold(argv: readonly string[], tool: string, job: ToolsJob): Promise<Version | undefined> {
  const { exitCode, output } = await job.run(tool === 'go' ? ['env', 'GOTOOLCHAIN=local', ...argv] : argv);
  const version = exitCode === 0 ? versionOf(output) : undefined;
  // Java 8 calls itself 1.8
  return tool === 'java' && version?.[0] === 1 ? version.slice(1) : version;
}
