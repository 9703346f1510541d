import { errorText, VoltError } from '../../kernel/errors.ts';
import { serveTasks } from '../../system/task-server.ts';
import { discover } from '../discovery/discover.ts';
import { Tree } from '../discovery/tree.ts';
import { findProblems } from '../output/find-problems.ts';
import { readJsonReport } from '../reports/json.ts';
import { evaluateAll } from './evaluate.ts';
import { parseManifest } from './read-manifest.ts';
import type { TextAnswer, TextTask, TextWork } from './tasks.ts';

/** The process of text-worker.ts. */
serveTasks((task: TextTask): TextAnswer => {
  const before = process.cpuUsage();
  const took = () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  try {
    const result = work(task);
    return { took: took(), result };
  } catch (error) {
    if (error instanceof VoltError) throw error;
    return { took: took(), fault: errorText(error) };
  }
});

function work(task: TextTask): TextWork[keyof TextWork]['result'] {
  switch (task.kind) {
    case 'evaluate':
      return evaluateAll(task.task);
    case 'problems':
      return findProblems(task.task);
    case 'manifest':
      return parseManifest(task.task.text, task.task.shown);
    case 'discover':
      return discover(new Tree(task.task.files, new Map(task.task.texts)));
    case 'report':
      return readJsonReport(task.task);
  }
}
