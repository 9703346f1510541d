import winston from 'winston';
import { noteWarning } from './warnings.ts';

export type Logger = winston.Logger;

const { combine, timestamp, printf, errors } = winston.format;

const textLine = printf(({ level, message, timestamp: time, stage, ...fields }) => {
  const rest = Object.entries(fields)
    .filter(([key, value]) => value !== undefined && key !== 'stack')
    .map(
      ([key, value]) => ` ${key}=${typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value)}`,
    )
    .join('');
  const stack =
    typeof fields.stack === 'string' ? fields.stack.split('\n').map((line) => `\n    ${escaped(line)}`) : [];
  return `${time} ${level.padEnd(5)} ${stage ?? 'volt'}: ${escaped(`${message}${rest}`)}${stack.join('')}`;
});

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Escapes control characters, so that foreign text makes no line of its own and does not control the terminal. */
function escaped(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (mark) => named[mark] ?? `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One object a line; the common fields come first. */
const jsonLine = printf(({ level, message, timestamp: time, stage = 'volt', ...fields }) =>
  JSON.stringify({ time, level, stage, message, ...fields }),
);

const noted = winston.format((info) => {
  if (info.level === 'error' || info.level === 'warn') {
    noteWarning(String(info.stage ?? 'volt'), info.level, String(info.message), info);
  }
  return info;
});

/**
 * A logger that writes to standard error, or another stream; standard output is for results. Stages use a child of it:
 * `logger.child({ stage: 'dispatcher' })`. Lines about work have the known fields of `repo`, `build`, `job`, `attempt` and
 * `runner`.
 */
export function createLogger(
  level: string,
  form: 'text' | 'json' = 'text',
  stream: NodeJS.WritableStream = process.stderr,
): Logger {
  return winston.createLogger({
    level,
    format: combine(errors({ stack: true }), timestamp(), noted(), form === 'json' ? jsonLine : textLine),
    transports: [new winston.transports.Stream({ stream })],
  });
}
