import { logFile } from '../../kernel/data-paths.ts';
import { annotationLines } from '../logs/annotation-lines.ts';
import { stepLines } from '../logs/step-lines.ts';
import type { Web } from '../services.ts';
import type { ChosenJob } from './chosen-job.ts';

/** Where the steps and their annotations are in the log of the chosen attempt; only the current attempt has steps. */
export async function stepPlaces(web: Web, { job, attempt }: ChosenJob) {
  const steps = attempt === job.attempts.at(-1)?.number ? job.steps : [];
  const index = web.lines.of(logFile(web.config.dataDir, { job: job.id, attempt }));
  return { lines: await stepLines(index, steps), noted: await annotationLines(index, steps) };
}
