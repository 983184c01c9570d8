import { HelixHealthIndicator, HelixModule } from "@helix/nest";
import { MemoryReplayer } from "@helix/replayer-memory";
import { replay } from "@helix/worker";
import { type DynamicModule, Module } from "@nestjs/common";
import { TerminusModule } from "@nestjs/terminus";
import { UsersController } from "./users-controller.ts";

@Module({
  imports: [TerminusModule],
  controllers: [UsersController],
  providers: [HelixHealthIndicator],
})
class ApplicationModule {}

/** The application over two clusters. What one of them misses is queued in memory, and replayed in this process. */
export function applicationModule(a: string, b: string): DynamicModule {
  const localDataCenter = "datacenter1";
  const queue = new MemoryReplayer();
  const helix = HelixModule.forRoot({
    clusters: { A: { contactPoints: [a], localDataCenter }, B: { contactPoints: [b], localDataCenter } },
    replayer: queue,
    onCreated: (client) => replay(client, { queue }),
    onClosed: () => queue.close(),
  });
  return { module: ApplicationModule, imports: [helix] };
}
