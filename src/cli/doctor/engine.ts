import { accessSync, constants, existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Engine } from '../../engine/engine.ts';
import { engineInfo } from '../../engine/engine-info.ts';
import { chooseEngine, engineRemedy } from '../../engine/find-engine.ts';
import type { Config } from '../../kernel/config.ts';
import { asVoltError, errorText } from '../../kernel/errors.ts';
import { sizeText } from '../../kernel/sizes.ts';
import { diskOf, isLow } from '../../system/disk.ts';
import { engineEnvironment, searchPath } from '../../system/environment.ts';
import { readText } from '../../system/read-text.ts';
import { runProgram } from '../../system/run-program.ts';
import { programOn } from '../../system/search-path.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Milliseconds; podman sets up its store at its first start. */
const infoTimeout = 20_000;
const check = 'container engine';

/** Where distributions install the name server of podman's networks. */
const nameServers = ['/usr/lib/podman/aardvark-dns', '/usr/libexec/podman/aardvark-dns'];

/** Something that keeps an engine from working well. */
interface Lack {
  what: string;
  remedy: string;
}

/** Checks which engine runs containers, with which rights, what it lacks, and the disk with its images. */
export async function engineFinding(config: Config): Promise<Finding> {
  const isRequired = config.isolation === 'container';
  const bad = isRequired ? fail : warn;
  try {
    const choice = await chooseEngine(config);
    if (!choice && isRequired) return fail(check, 'none, but VOLT_ISOLATION=container needs one', engineRemedy);
    if (!choice) return ok(check, 'none; only containers need one');
    return 'engine' in choice ? await ofSocket(choice.engine, config) : await ofProgram(choice.podman, config);
  } catch (error) {
    const { code, message, remedy } = asVoltError(error);
    if (code === 'engine_failed') return bad(check, message, remedy);
    return bad(check, `podman does not work: ${errorText(error)}`, engineRemedy);
  }
}

async function ofSocket(engine: Engine, config: Config): Promise<Finding> {
  const { folder, unlimited } = await engineInfo(engine);
  const lacks = unlimited.length === 0 ? [] : [unlimitedLack(unlimited.join(' and '))];
  return finding(engine.title, folder, lacks, config);
}

async function ofProgram(podman: string, config: Config): Promise<Finding> {
  const format =
    '{{.Version.Version}} {{.Host.Security.Rootless}} {{.Host.OCIRuntime.Name}} {{.Host.CgroupsVersion}} {{.Store.GraphRoot}}';
  const about = await runProgram(podman, ['info', '--format', format], {
    env: engineEnvironment(),
    timeout: infoTimeout,
  });
  const [version, rootless, runtime, groups, ...folder] = about.trim().split(' ');
  const isRootless = rootless === 'true';
  const title = `podman ${version} with ${runtime}, ${isRootless ? 'without root' : 'as root'}`;
  const lacks = [...missingPrograms(), ...(isRootless ? rootlessLacks() : [])];
  if (isRootless && groups === 'v1') lacks.push(unlimitedLack('memory and processes'));
  return finding(title, folder.join(' '), lacks, config);
}

async function finding(title: string, folder: string, lacks: readonly Lack[], config: Config): Promise<Finding> {
  // the engine may be on another machine, whose folders this process does not see
  const disk = existsSync(folder) ? await diskOf(folder) : undefined;
  const space = disk ? `, ${sizeText(disk.free)} of ${sizeText(disk.total)} free` : '';
  const all = [...lacks];
  if (disk && isLow(disk, config))
    all.push({ what: 'its disk is nearly full', remedy: 'Remove images, or lower VOLT_IMAGE_LIMIT.' });
  const text = `${title}; images in ${folder}${space}`;
  if (all.length === 0) return ok(check, text);
  const remedies = [...new Set(all.map(({ remedy }) => remedy))].join(' ');
  return warn(check, `${text}; ${all.map(({ what }) => what).join('; ')}`, remedies);
}

/** What podman's networks need. */
function missingPrograms(): Lack[] {
  const missing = [
    ...(programOn(searchPath(), 'nft') === undefined ? ['nftables'] : []),
    ...(nameServers.some((path) => existsSync(path)) ? [] : ['aardvark-dns']),
  ];
  const remedy = `Install ${missing.join(' and ')}: without it, podman's networks do not work.`;
  return missing.length === 0 ? [] : [{ what: `${missing.join(' and ')} is missing`, remedy }];
}

/** What podman needs where it does not run as root. */
function rootlessLacks(): Lack[] {
  const lacks: Lack[] = [];
  if (programOn(searchPath(), 'newuidmap') === undefined)
    lacks.push({ what: 'newuidmap is missing', remedy: 'Install uidmap.' });
  const { username, uid } = userInfo();
  const isSubordinate = (file: string) => new RegExp(`^(${username}|${uid}):`, 'm').test(readText(file) ?? '');
  if (!['/etc/subuid', '/etc/subgid'].every(isSubordinate)) {
    const remedy = `Give it some: usermod --add-subuids 200000-265535 --add-subgids 200000-265535 ${username}`;
    lacks.push({ what: 'the user has no subordinate ids', remedy: `${remedy}.` });
  }
  if (programOn(searchPath(), 'pasta') === undefined)
    lacks.push({ what: 'pasta is missing', remedy: 'Install passt.' });
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
  } catch {
    const remedy = 'As root: chmod 666 /dev/net/tun, which is what systemd makes of it.';
    lacks.push({ what: 'the user cannot open /dev/net/tun, which networks of containers need', remedy });
  }
  return lacks;
}

function unlimitedLack(what: string): Lack {
  return {
    what: `it cannot limit ${what} of containers`,
    remedy: 'Run it as root, or on a machine with control groups of version 2.',
  };
}
