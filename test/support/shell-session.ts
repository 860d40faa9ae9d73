import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { NPM_VARIABLES } from './npm-variables.js';

/** One shell that is kept between blocks, as a reader keeps a terminal: what a block exports, the next one has. */
export class ShellSession {
  private readonly shell;
  private printed = '';
  private errors = '';
  private onOutput: () => void = () => undefined;

  constructor(folder: string, variables: Readonly<Record<string, string>>) {
    const env = { PATH: process.env['PATH'], HOME: folder, ...NPM_VARIABLES, ...variables };
    this.shell = spawn('bash', ['--noprofile', '--norc'], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.printed += text;
      this.onOutput();
    });
    this.shell.stderr.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    this.shell.once('exit', () => this.onOutput());
  }

  /**
   * Runs a block.
   *
   * @returns what it has written to its standard output.
   * @throws Error with all that it wrote when its last command fails, or when it ends the shell.
   */
  async run(code: string): Promise<string> {
    const end = randomUUID();
    [this.printed, this.errors] = ['', ''];
    this.shell.stdin.write(`${code}\nprintf '\\n%s %s\\n' ${end} $?\n`);
    const pattern = new RegExp(`([\\s\\S]*)\\n${end} (\\d+)\\n`);
    for (;;) {
      const [, output, status] = pattern.exec(this.printed) ?? [];
      if (output !== undefined && status === '0') return output;
      if (output !== undefined || this.shell.exitCode !== null) {
        throw new Error(
          `It failed with ${status ?? 'the end of the shell'}:\n${code}\n${this.printed}\n${this.errors}`,
        );
      }
      await new Promise<void>((resolve) => (this.onOutput = resolve));
    }
  }

  close(): void {
    this.shell.kill('SIGKILL');
  }
}
