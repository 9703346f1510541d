import { randomUUID } from 'node:crypto';
import { appendFileSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobUser } from '../../exec/isolation.ts';
import { ownUser } from '../../exec/isolation-check.ts';
import { overlayTable } from '../../exec/overlay.ts';
import type { GroupKind } from '../../exec/process-group.ts';
import { tryCommand } from '../../exec/try-command.ts';
import { remember } from '../../system/remember.ts';
import { removeTree } from '../../system/remove-tree.ts';
import { layerHome } from './layered-home.ts';

/** Prefix of the folders of trials, next to the homes. */
export const trialPrefix = '.trial-';

/** Two users for the trial who own nothing else: the last two ids of 16 bits, which systems assign to nobody. */
const [ofBase, ofJob]: JobUser[] = [
  { uid: 65_533, gid: 65_533 },
  { uid: 65_534, gid: 65_534 },
];

/**
 * Whether homes can have overlays. Tries it once in a process, in the folder of the homes: it depends on the file system, the kernel
 * and mount(8).
 */
export const overlaysWork = remember((homes: string, groupKind: GroupKind) =>
  tryOut(homes, groupKind).catch(() => false),
);

async function tryOut(homes: string, groupKind: GroupKind): Promise<boolean> {
  const rootless = groupKind === 'user-namespace';
  const trial = join(homes, `${trialPrefix}${randomUUID()}`);
  const [base, home] = [join(trial, 'base'), join(trial, 'home')];
  const [owner, user] = rootless ? [ownUser(), ownUser()] : [ofBase as JobUser, ofJob as JobUser];
  try {
    const lower = join(base, '.tools');
    mkdirSync(lower, { recursive: true, mode: 0o700 });
    writeFileSync(join(lower, 'file'), 'lower\n', { mode: 0o600 });
    symlinkSync('/', join(base, 'link'));
    if (!rootless) for (const path of [base, lower, join(lower, 'file')]) chownSync(path, owner.uid, owner.gid);
    const overlays = layerHome(
      { base, owner, user },
      { home, uppers: join(trial, 'uppers'), table: join(trial, 'table') },
      rootless,
    );
    if (!overlays) return false;
    const [upper, work, target] = ['upper', 'work', 'home/linked'].map((name) => join(trial, name)) as [
      string,
      string,
      string,
    ];
    for (const each of [upper, work, target]) mkdirSync(each);
    appendFileSync(overlays.table, overlayTable([{ lower: join(base, 'link'), upper, work, target }], rootless));
    const view = {
      ...{ readable: [], temporary: [], writable: [{ from: home, to: '/trial' }], hidden: [], network: true },
      overlays,
    };
    const script =
      'cd /trial/.tools && grep -q lower file && echo upper > file && echo new > other && rm file && ! test -e ../linked/usr';
    await tryCommand(groupKind, ['sh', '-c', script], { isolation: { level: 'sandbox', user, view } });
    return readFileSync(join(lower, 'file'), 'utf8') === 'lower\n';
  } finally {
    await removeTree(trial);
  }
}
