"""What the Data Explorer asks for: keyspaces, collections, tables, loads, the sample, and deletions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from astrolabe.dataapi.client.command_builders import PlannedCommand, plan_delete_collection
from astrolabe.dataapi.client.table_plans import plan_drop_table
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.loading.job import LoadJob
from astrolabe.loading.load_plan import LoadPlan
from screens.explorer.create_collection import CreateCollectionDialog
from screens.explorer.create_keyspace import CreateKeyspaceDialog
from screens.kit.confirm import DeleteConfirmation, TypeTheNameDialog
from screens.kit.page import Page


class ExplorerTasks:
    """Opens the explorer's dialogs, carries out what they return, and lets the page show what has changed."""

    def __init__(self, page: Page) -> None:
        """Work for ``page``."""
        self.page = page

    def create_keyspace(self, taken: Sequence[str]) -> None:
        """Ask for a keyspace whose name is not in ``taken``."""
        app = self.page.app

        async def create(name: str) -> str:
            await (await app.selected_client()).create_keyspace(name)
            return name

        app.ask(CreateKeyspaceDialog(taken, create), self._keyspace_created)

    def _keyspace_created(self, name: str | None) -> None:
        if name is not None:
            self.page.app.select(self.page.app.selection.database, name)
            self.page.refresh_contents()

    def create_collection(self) -> None:
        """Ask for a collection in the selected keyspace."""
        self.page.open_in_background(self._ask_collection, "create collection")

    async def _ask_collection(self) -> None:
        app = self.page.app
        database, keyspace = app.selection.database, app.selection.keyspace
        if database is None or keyspace is None:
            return
        choices = await app.connection.choices(database)
        client = await app.selected_client()

        async def create(planned: PlannedCommand) -> str:
            await client.run(planned)
            return str(planned.command["createCollection"]["name"])

        app.ask(CreateCollectionDialog(keyspace, choices, create), self._collection_created)

    def _collection_created(self, name: str | None) -> None:
        if name is not None:
            self.page.app.select_collection(name)
            self.page.app.tell(f"Collection {name} was created. Press L to load data into it.")
            self.page.refresh_contents()

    def create_table(self) -> None:
        """Ask for a table in the selected keyspace."""
        self.page.open_in_background(self._ask_table, "create table")

    async def _ask_table(self) -> None:
        app = self.page.app
        if app.selection.keyspace is not None:
            client = await app.selected_client()
            await app.create_table(client, app.selection.keyspace, self._table_created)

    def _table_created(self, name: str | None) -> None:
        if name is not None:
            self.page.app.select_collection(name)
            self.page.app.tell(f"Table {name} was created. Press o to see its columns.")
            self.page.refresh_contents()

    def load(self, info: TargetInfo) -> None:
        """Ask for a file to load into a collection or table, or show the load that is running."""
        self.page.open_in_background(partial(self._ask_load, info), "load data")

    async def _ask_load(self, info: TargetInfo) -> None:
        app = self.page.app
        if app.load_job is not None and app.load_job.running:
            self._follow_load(app.load_job)
        elif app.selection.database is not None:
            collection = (await app.selected_client()).collection(info.keyspace, info.name)

            async def start(plan: LoadPlan) -> LoadPlan:
                app.start_load(plan, collection)
                return plan

            app.ask_load(info, app.selection.database.id, start, self._load_started)

    def _load_started(self, plan: LoadPlan | None) -> None:
        if plan is not None and self.page.app.load_job is not None:
            self._follow_load(self.page.app.load_job)

    def _follow_load(self, job: LoadJob) -> None:
        self.page.app.follow_load(job, self.page.refresh_contents)

    def create_sample(self) -> None:
        """Create the sample collection in the selected keyspace."""
        self.page.in_background(self._create_sample, "sample")

    async def _create_sample(self) -> None:
        app = self.page.app
        database, keyspace = app.selection.database, app.selection.keyspace
        if database is None or keyspace is None:
            return
        app.tell("Creating the sample collection …")
        name = await app.workspace.create_sample(database, keyspace)
        app.select_collection(name)
        app.tell(f"Collection {name} is ready. Press s and search for: send an e-mail")
        await self.page.reload()

    def delete(self, info: TargetInfo) -> None:
        """Ask for the name of a collection or table, then delete or drop it."""
        app = self.page.app
        plan = plan_drop_table if info.is_table else plan_delete_collection
        planned = plan(info.keyspace, info.name)
        what, contents = ("table", "rows") if info.is_table else ("collection", "documents")
        danger = DeleteConfirmation(
            heading=f"{'Drop' if info.is_table else 'Delete'} {what}",
            name=info.name,
            noun=f"{what.capitalize()} name",
            verb=f"{'Drop' if info.is_table else 'Delete'} {what}",
            consequences=(f"All {contents} of {info.keyspace}.{info.name} are deleted; this cannot be undone.",),
            planned=planned,
        )

        async def delete(_name: str) -> bool:
            await (await app.selected_client()).run(planned)
            return True

        app.ask(TypeTheNameDialog(danger, delete), self._deleted)

    def _deleted(self, done: bool | None) -> None:  # noqa: FBT001 - the result of a dialog
        if done:
            self.page.app.select_collection(None)
            self.page.refresh_contents()
