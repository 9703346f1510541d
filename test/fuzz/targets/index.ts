import type { Target } from '../target.ts';
import { buildTargets } from './builds.ts';
import { commitTargets } from './commits.ts';
import { discoveryTargets } from './discovery.ts';
import { matrixTargets } from './matrix.ts';
import { messageTargets } from './messages.ts';
import { outputTargets } from './output.ts';
import { pageTargets } from './pages.ts';
import { refTargets } from './refs.ts';
import { reportTargets } from './reports.ts';
import { terminalTargets } from './terminal.ts';
import { verdictTargets } from './verdict.ts';
import { workflowTargets } from './workflows.ts';

/** All fuzzing targets. */
export const targets: readonly Target[] = [
  ...workflowTargets,
  ...matrixTargets,
  ...refTargets,
  ...terminalTargets,
  ...outputTargets,
  ...reportTargets,
  ...verdictTargets,
  ...commitTargets,
  ...pageTargets,
  ...messageTargets,
  ...buildTargets,
  ...discoveryTargets,
];
