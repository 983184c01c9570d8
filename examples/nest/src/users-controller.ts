import { HelixClient } from "@helix/client";
import { HelixHealthIndicator } from "@helix/nest";
import { Body, Controller, Get, NotFoundException, Param, Post } from "@nestjs/common";
import { HealthCheck, HealthCheckService } from "@nestjs/terminus";

@Controller()
export class UsersController {
  constructor(
    private readonly client: HelixClient,
    private readonly health: HealthCheckService,
    private readonly helix: HelixHealthIndicator,
  ) {}

  @Post("users")
  async write(@Body() user: { id: string; name: string }) {
    const insert = "INSERT INTO shop.users (id, name) VALUES (?, ?)";
    return (await this.client.execute(insert, [user.id, user.name])).writes;
  }

  @Get("users/:id")
  async read(@Param("id") id: string) {
    const select = "SELECT id, name FROM shop.users WHERE id = ?";
    const user = (await this.client.execute(select, [id])).first();
    if (user === null) throw new NotFoundException();
    return user;
  }

  @Get("health")
  @HealthCheck()
  check() {
    return this.health.check([() => this.helix.check("cassandra")]);
  }
}
