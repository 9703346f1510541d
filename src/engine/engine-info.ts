import type { Engine } from './engine.ts';

/** What an engine says about its machine. */
export interface EngineInfo {
  /** folder with its images and containers */
  folder: string;
  /** what it cannot limit for a container, for people */
  unlimited: string[];
  /** hosts of registries instead of which it asks a mirror first */
  mirrored: string[];
}

/** @throws EngineRefusal, VoltError `engine_failed` */
export async function engineInfo({ connection }: Engine): Promise<EngineInfo> {
  const info = await connection.docker<{
    DockerRootDir?: string;
    MemoryLimit?: boolean;
    PidsLimit?: boolean;
    CpuCfsQuota?: boolean;
    RegistryConfig?: { IndexConfigs?: Record<string, { Mirrors?: string[] | null }> | null } | null;
  }>('/info');
  const registries = Object.entries(info.RegistryConfig?.IndexConfigs ?? {});
  const limits = { memory: info.MemoryLimit, processes: info.PidsLimit, 'processor time': info.CpuCfsQuota };
  return {
    folder: info.DockerRootDir ?? '/',
    mirrored: registries.flatMap(([host, { Mirrors: mirrors }]) => (mirrors && mirrors.length > 0 ? [host] : [])),
    unlimited: Object.entries(limits).flatMap(([what, isPossible]) => (isPossible === false ? [what] : [])),
  };
}
