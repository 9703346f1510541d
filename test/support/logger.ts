import { Writable } from 'node:stream';
import winston from 'winston';
import { createLogger, type Logger } from '../../src/kernel/logger.ts';

export interface TestLogger {
  logger: Logger;
  /** every line so far, as on standard error */
  lines: string[];
}

/** Volt's logger; it keeps its lines for the test instead of printing them. */
export function keepLog(): TestLogger {
  const lines: string[] = [];
  const logger = createLogger('debug');
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk).trimEnd());
      done();
    },
  });
  logger.clear().add(new winston.transports.Stream({ stream }));
  return { logger, lines };
}
