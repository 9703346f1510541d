import { serveTasks } from '../../system/task-server.ts';
import { safeMarkdown } from './markdown.ts';

/** The process of summaries.ts. */
serveTasks((texts: readonly string[]): string[] => texts.map(safeMarkdown));
