import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** Capacity of a pipe in bytes, see pipe(7): no read gets more. */
const mostRead = 65_536;
/** Output is collected up to this many bytes or this long (ms), then passed on at once. */
const enough = mostRead;
const gathering = 2;

/** Unused buffers, kept to spare the garbage collector. */
const spare: Buffer[] = [];
const mostSpare = 4;

/**
 * Reads the output of a command. Programs write in small pieces; pieces that come close together are passed on together, in a
 * buffer that is used again.
 */
export class OutputReader {
  /** Resolves when all output was passed on and nobody can write any more, or after `destroy`. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #buffer: Buffer = spare.pop() ?? Buffer.allocUnsafeSlow(enough + mostRead);
  /** the buffer has unsent output between these two; the next read continues after it */
  #from = 0;
  #to = 0;
  #bytes = 0;
  /** pieces that the receiver is still working on */
  #held = 0;
  #timer: NodeJS.Timeout | undefined;
  #receive: (chunk: Buffer) => void | Promise<void> = () => {};

  /** @param descriptor the reading end of a pipe, non-blocking */
  constructor(descriptor: number) {
    // the constructor accepts `onread`, too; the types do not say so
    const options: SocketConstructorOpts & ConnectOpts = {
      ...{ fd: descriptor, readable: true, writable: false },
      onread: {
        buffer: () => this.#room(),
        callback: (length: number) => {
          this.#take(length);
          return true;
        },
      },
    };
    this.#socket = new Socket(options);
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.handOn();
        if (spare.length < mostSpare) spare.push(this.#buffer);
        resolve();
      });
    });
  }

  /** bytes read so far */
  get bytes(): number {
    return this.#bytes;
  }

  /** True while the receiver pauses reading. */
  get isHeldBack(): boolean {
    return this.#held > 0;
  }

  /**
   * @param receive gets the output. It must copy bytes that it needs after it returns. If it returns a promise, reading pauses
   * until that resolves.
   */
  onOutput(receive: (chunk: Buffer) => void | Promise<void>): void {
    this.#receive = receive;
  }

  /** Passes on what was collected. */
  handOn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#from === this.#to) return;
    const chunk = this.#buffer.subarray(this.#from, this.#to);
    this.#from = this.#to;
    const accepted = this.#receive(chunk);
    if (!accepted) return;
    this.#held++;
    this.#socket.pause();
    const taken = () => {
      if (--this.#held === 0) this.#socket.resume();
    };
    accepted.then(taken, taken);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** for the next read */
  #room(): Buffer {
    if (this.#from === this.#to) {
      this.#from = 0;
      this.#to = 0;
    }
    return this.#buffer.subarray(this.#to);
  }

  #take(length: number): void {
    this.#to += length;
    this.#bytes += length;
    if (this.#to >= enough) this.handOn();
    else this.#timer ??= setTimeout(() => this.handOn(), gathering);
  }
}
