import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Millis } from '@rowtime/core';
import { SourceError } from '../errors.ts';
import { type FirehoseDestination, isStreamName } from '../firehose-api.ts';
import { Journal, type JournalOptions } from './journal.ts';

/** A delivery stream: what CreateDeliveryStream said of it. */
export interface DeliveryStreamConfig extends FirehoseDestination {
  readonly name: string;
  readonly created: Millis;
}

export interface DeliveryStream {
  readonly config: DeliveryStreamConfig;
  readonly journal: Journal;
}

export interface DeliveryStreamsOptions extends Omit<JournalOptions, 'folder'> {
  /** Where journals are kept, a folder each. Made if it is not there. */
  readonly folder: string;
  /** Throws a FirehoseFault where what CreateDeliveryStream says of a stream cannot be done here. */
  readonly check?: (config: DeliveryStreamConfig) => void;
  /** Called with each stream that there is: those of an earlier process at `open`, others when they are created. */
  readonly onStream?: (stream: DeliveryStream) => Promise<void>;
  /** Called before a stream is removed. */
  readonly onRemove?: (stream: DeliveryStream) => Promise<void>;
}

/** The delivery streams of one endpoint, kept in a folder: `<name>/stream.json` and `<name>/journal/`. */
export class DeliveryStreams {
  readonly #options: DeliveryStreamsOptions;
  readonly #streams = new Map<string, DeliveryStream>();

  constructor(options: DeliveryStreamsOptions) {
    this.#options = options;
  }

  /** In the order of their names. */
  get all(): readonly DeliveryStream[] {
    return [...this.#streams.values()].sort((a, b) => (a.config.name < b.config.name ? -1 : 1));
  }

  get(name: string): DeliveryStream | null {
    return this.#streams.get(name) ?? null;
  }

  /** Makes a stream that is new. */
  async create(config: DeliveryStreamConfig): Promise<DeliveryStream> {
    this.#options.check?.(config);
    return this.open(config);
  }

  /** Makes the stream, or opens what an earlier process left of it, with the configuration given now. */
  async open(config: DeliveryStreamConfig): Promise<DeliveryStream> {
    const known = this.#streams.get(config.name);
    if (known) return known;
    if (!isStreamName(config.name))
      throw new SourceError(`${config.name}: a delivery stream's name has 1 to 64 letters, digits, "_", "." and "-"`);
    const folder = join(this.#options.folder, config.name);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, configFile);
    const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DeliveryStreamConfig) : null;
    const own = { ...config, created: kept?.created ?? config.created };
    writeFileSync(`${file}.tmp`, `${JSON.stringify(own, null, 2)}\n`);
    renameSync(`${file}.tmp`, file);
    const journal = new Journal({ ...this.#options, folder: join(folder, 'journal') });
    const stream = { config: own, journal };
    // Known at once, so that a second request for the same name finds it.
    this.#streams.set(config.name, stream);
    try {
      await journal.open();
      await this.#options.onStream?.(stream);
    } catch (error) {
      this.#streams.delete(config.name);
      throw error;
    }
    return stream;
  }

  /** The configuration that an earlier process left; null if there is none. */
  kept(name: string): DeliveryStreamConfig | null {
    const file = join(this.#options.folder, name, configFile);
    return isStreamName(name) && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
  }

  /** Those of all streams that an earlier process left. */
  keptAll(): readonly DeliveryStreamConfig[] {
    if (!existsSync(this.#options.folder)) return [];
    return readdirSync(this.#options.folder).flatMap((name) => this.kept(name) ?? []);
  }

  /** Records that were accepted and not yet delivered go with it, as the service has it. */
  async remove(name: string): Promise<void> {
    const stream = this.#streams.get(name);
    if (!stream) return;
    this.#streams.delete(name);
    await this.#options.onRemove?.(stream);
    await stream.journal.close();
    rmSync(join(this.#options.folder, name), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    for (const { journal } of this.#streams.values()) await journal.close();
    this.#streams.clear();
  }
}

const configFile = 'stream.json';
