import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { dataPaths } from '../../../kernel/data-paths.ts';
import type { BuildId } from '../../../kernel/model.ts';
import { reportAgain, reportedBuilds } from '../../../record/survey.ts';
import { type Finding, ok, warn } from '../finding.ts';
import { counted, type DeepCheck, listed, mended } from './check.ts';

const batch = 200;

/** test_results/ against the builds that are said to be in it. */
export async function resultFindings({ database, config, mend }: DeepCheck): Promise<Finding[]> {
  const wrong = new Map<string, BuildId>();
  let count = 0;
  for (let after = 0; ; ) {
    const builds = await reportedBuilds(database, after, batch);
    for (const { id, repo, sha } of builds) {
      count++;
      const place = join(dataPaths(config.dataDir).testResults, repo, sha);
      if (!(await isThere(place))) wrong.set(`${repo}/${sha.slice(0, 12)}`, id);
    }
    const last = builds.at(-1);
    if (!last) break;
    after = Number(last.id);
  }
  if (wrong.size === 0) return [ok('test results', `those of ${counted(count, 'finished build')} are there`)];
  const message = `missing or damaged for ${counted(wrong.size, 'commit')}: ${listed([...wrong.keys()])}`;
  if (mend) await reportAgain(database, [...wrong.values()]);
  return [warn('test results', message, mended(mend, 'the reporter writes them again within seconds; one must be up'))];
}

/** Both files are there, and the one for programs can be read. */
async function isThere(place: string): Promise<boolean> {
  try {
    await stat(`${place}.log`);
    JSON.parse(await readFile(`${place}.json`, 'utf8'));
    return true;
  } catch {
    return false;
  }
}
