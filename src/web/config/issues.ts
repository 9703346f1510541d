import * as z from 'zod';
import { validationMessage } from '../../kernel/validation-message.ts';
import { yieldToOthers } from '../../system/event-loop.ts';
import { configFile } from '../schemas/config.ts';
import { isMap } from './paths.ts';

export type Issue = z.core.$ZodIssue;

/** The sections whose entries have names, with their schemas. */
const sections = Object.entries(configFile.shape).filter(([, schema]) => {
  return schema instanceof z.ZodOptional && schema.unwrap() instanceof z.ZodRecord;
});

/** The schema without what is in these sections. */
const frame = configFile.extend(
  Object.fromEntries(sections.map(([section]) => [section, z.record(z.string(), z.unknown()).optional()])),
);

/** What does not fit the schema of the file. A thousand repositories at once would hold the event loop, so it is entry by entry. */
export async function schemaIssues(settings: unknown): Promise<Issue[]> {
  const issues = issuesOf(frame, settings);
  for (const [section, schema] of sections) {
    const entries = isMap(settings) ? settings[section] : undefined;
    if (!isMap(entries)) continue;
    for (const [name, value] of Object.entries(entries)) {
      await yieldToOthers();
      for (const issue of issuesOf(schema, { [name]: value }))
        issues.push({ ...issue, path: [section, ...issue.path] });
    }
  }
  return issues;
}

function issuesOf(schema: z.ZodType, value: unknown): Issue[] {
  return schema.safeParse(value, { error: explained }).error?.issues ?? [];
}

function explained(issue: z.core.$ZodRawIssue): string | undefined {
  const isBare = issue.code === 'invalid_type' && ['number', 'boolean'].includes(typeof issue.input);
  return isBare && issue.expected === 'string' ? 'must be a string: put it in quotes' : validationMessage(issue);
}
