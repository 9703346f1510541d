/** The list of builds: rows that are links as a whole, and fields that are completed while one types. */
import { completeFields } from './builds/completion.ts';
import { followRows } from './builds/rows.ts';

followRows();
completeFields();
