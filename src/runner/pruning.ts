import { packMirrors } from '../git/mirror/packing.ts';
import type { KeptTrees } from '../job/kept-trees.ts';
import { gitLimitsOf } from '../job/sandbox/limits-of-settings.ts';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { hideCredentials } from '../kernel/urls.ts';
import { everyLater } from '../system/wait.ts';
import { type PrunedMachine, pruneMachine } from './prune.ts';

/** Milliseconds between two runs. */
const interval = 3_600_000;

/**
 * Removes from time to time what the machine need not keep, and packs the mirrors.
 * @returns `stop` resolves when nothing of it runs any more
 */
export function startPruning(config: Config, trees: KeptTrees | undefined, logger: Logger): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const pruning = everyLater(
    interval,
    async () => {
      trees?.prune();
      const pruned = await pruneMachine(config, (message) => logger.warn(message));
      for (const line of removedLines(pruned)) logger.info(line);
      await packMirrors(dataPaths(config.dataDir).mirrors, { signal: stopping.signal, limits: gitLimitsOf(config) });
    },
    (error) => logger.warn(`cannot prune or pack, trying again: ${errorText(error)}`),
  );
  return {
    stop: () => {
      stopping.abort();
      return pruning.stop();
    },
  };
}

function removedLines({ mirrors, workFolders, caches, installs, artifacts, homes, images }: PrunedMachine): string[] {
  return [
    ...mirrors.map(({ url }) => `removed the mirror of ${hideCredentials(url)}`),
    ...workFolders.map(({ name }) => `removed the folder of runner ${name}, which has not run for long`),
    ...caches.map(({ key }) => `removed the cache ${key}`),
    ...installs.map(({ what }) => `removed a kept install: ${what}`),
    ...artifacts.map(({ build }) => `removed the artifacts of build ${build}`),
    ...homes.map(({ repository }) => `removed a home of ${repository}, which no job has used for long`),
    ...images.map(({ name }) => `removed the image ${name}`),
  ];
}
