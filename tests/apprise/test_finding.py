"""Found without fuss: by code, by the plugin folder, by a bare ``Apprise()``, and gone again after ``uninstall``."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from ippanel_provider import apprise_install
from ippanel_provider.cli import main

URL = "ippanel://key@+983000505/09120000001"
HOOK = "from ippanel_provider.apprise_hook import install; install();"


def python(code: str) -> str:
    """Run code in a Python of its own and return what it prints."""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def ippanel(*arguments: str) -> int:
    return main(["apprise", *arguments])


class TestRegister:
    def test_it_is_idempotent_and_comes_back_after_an_unload(self) -> None:
        # In a Python of its own: an Airflow that ran in this one has installed the hook, which brings it back by
        # itself.
        code = (
            "from apprise.manager_plugins import NotificationManager as M;"
            "from ippanel_provider.apprise_plugin import NotifyIPPanel, register;"
            "register(); again = register(); M().unload_modules(); back = register();"
            "print(again, back, M()['ippanel'] is NotifyIPPanel, 'json' in M())"
        )
        assert python(code).split() == ["False", "True", "True", "True"]

    def test_importing_the_package_of_the_plugin_does_not_import_airflow(self) -> None:
        assert python("import sys, ippanel_provider.apprise_plugin; print('airflow' in sys.modules)") == "False"

    def test_the_url_of_a_connection_needs_no_apprise(self) -> None:
        code = (
            "import sys; from ippanel_provider.apprise_url import apprise_url;"
            "print(apprise_url('a/b', '+983000505', ['09120000001', '#12'], "
            "base_url='https://relay.example/v1', verify=False));"
            "print('apprise' in sys.modules, 'httpx' in sys.modules)"
        )
        url, modules = python(code).splitlines()
        assert url == "ippanel://a%2Fb@+983000505/09120000001/%2312?url=https%3A%2F%2Frelay.example%2Fv1&verify=no"
        assert modules == "False False"


class TestHook:
    """What the start-up line and Airflow's plugin install."""

    def test_a_bare_apprise_knows_it(self) -> None:
        code = f"{HOOK} install(); import apprise; print(apprise.Apprise().add('{URL}'))"
        assert python(code) == "True"

    def test_also_when_apprise_was_there_before(self) -> None:
        code = (
            f"import apprise; from ippanel_provider.apprise_hook import install; install(); "
            f"print(apprise.Apprise().add('{URL}'))"
        )
        assert python(code) == "True"

    def test_also_after_apprise_has_looked_for_it(self) -> None:
        code = (
            f"import apprise; a = apprise.Apprise(); a.add('{URL}');"
            f"from ippanel_provider.apprise_hook import install; install(); print(a.add('{URL}'))"
        )
        assert python(code) == "True"

    def test_also_after_apprise_has_forgotten_it(self) -> None:
        code = (
            "from ippanel_provider.apprise_hook import install; install(); import apprise;"
            "from apprise.manager_plugins import NotificationManager as M; M().load_modules(); M().unload_modules();"
            f"print(apprise.Apprise().add('{URL}'), 'json' in M())"
        )
        assert python(code) == "True True"

    def test_where_apprise_is_not_used_nothing_is_imported(self) -> None:
        code = (
            "import sys; before = set(sys.modules); from ippanel_provider.apprise_hook import install; install();"
            "print({name.partition('.')[0] for name in set(sys.modules) - before} - {'ippanel_provider', '__future__'})"
        )
        assert python(code) == "set()"

    def test_a_broken_environment_leaves_the_other_services_alone(self) -> None:
        code = (
            "import sys; sys.modules['httpx'] = None; from ippanel_provider.apprise_hook import install; "
            "install(); import apprise;"
            f"print(apprise.Apprise().add('json://localhost'), apprise.Apprise().add('{URL}'))"
        )
        assert python(code) == "True False"


class TestInstall:
    def test_the_plugin_file_comes_and_goes(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert ippanel("status") == 1
        assert ippanel("install") == 0
        shim = home / ".apprise" / "plugins" / "ippanel.py"
        assert shim.exists()
        assert "knows ippanel://" in capsys.readouterr().out
        assert ippanel("install") == 0
        assert ippanel("status") == 0
        assert ippanel("uninstall") == 0
        assert not shim.exists()
        assert ippanel("status") == 1

    def test_a_folder_of_the_users_choice(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert ippanel("install", "--folder", str(home / "plugin")) == 0
        assert f"-P {home / 'plugin'}" in capsys.readouterr().out
        assert ippanel("uninstall", "--folder", str(home / "plugin")) == 0
        assert list((home / "plugin").glob("*.py")) == []

    def test_the_file_of_someone_else_is_left_alone(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        other = home / ".apprise" / "plugins" / "ippanel.py"
        other.parent.mkdir(parents=True)
        other.write_text("print('mine')\n")
        assert ippanel("install") == 2
        assert ippanel("uninstall") == 0
        assert other.read_text() == "print('mine')\n"
        assert "someone else" in capsys.readouterr().err

    def test_a_link_is_neither_written_through_nor_removed(self, home: Path) -> None:
        target, link = home / "target.py", home / ".apprise" / "plugins" / "ippanel.py"
        target.write_text("print('mine')\n")
        link.parent.mkdir(parents=True)
        link.symlink_to(target)
        assert ippanel("install") == 2
        assert ippanel("uninstall") == 0
        assert link.is_symlink()
        assert target.read_text() == "print('mine')\n"

    def test_a_home_whose_apprise_is_a_configuration_file(self, home: Path) -> None:
        (home / ".apprise").write_text("json://localhost\n")
        assert ippanel("install") == 0
        assert (home / ".config" / "apprise" / "plugins" / "ippanel.py").exists()

    def test_a_folder_that_cannot_be_written_is_one_sentence(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (home / "file").write_text("")
        assert ippanel("install", "--folder", str(home / "file" / "plugins")) == 2
        assert "--folder" in capsys.readouterr().err

    def test_the_file_says_what_is_missing_in_a_python_without_us(self, home: Path) -> None:
        assert ippanel("install") == 0
        shim = home / ".apprise" / "plugins" / "ippanel.py"
        code = (
            "import sys, logging; logging.basicConfig(); sys.modules['ippanel_provider'] = None; import apprise;"
            f"asset = apprise.AppriseAsset(plugin_paths=[{str(shim)!r}]);"
            f"print(apprise.Apprise(asset=asset).add('{URL}'))"
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
        assert ended.stdout.strip() == "False"
        assert "pip install 'airflow-provider-ippanel[apprise]'" in ended.stderr


class TestSite:
    """In an environment of its own, because the line runs at every start of Python in it."""

    @pytest.fixture
    def environment(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("environment")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        found = subprocess.run(
            [folder / "bin" / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        root = Path(apprise_install.__file__).parent.parent
        # Everything that is installed here, and our package, seen from there.
        Path(found.stdout.strip(), "here.pth").write_text(f"{root}\n{sysconfig.get_path('purelib')}\n")
        return folder / "bin" / "python"

    def test_a_bare_apprise_finds_it_until_it_is_uninstalled(self, environment: Path, home: Path) -> None:
        def ask(code: str) -> str:
            ended = subprocess.run([environment, "-c", code], capture_output=True, text=True, check=False, timeout=60)
            return ended.stdout.strip() + ended.stderr.strip()

        def act(*arguments: str) -> str:
            return ask(f"from ippanel_provider.cli import main; print(main(['apprise', *{arguments!r}]))")

        known = f"import apprise; print(apprise.Apprise().add('{URL}'))"
        assert ask(known).splitlines()[0] == "False"
        assert "a bare Apprise() too" in act("install", "--site")
        assert ask(known) == "True"
        assert ask("import sys; print('apprise' in sys.modules, 'httpx' in sys.modules)") == "False False"
        assert "Removed" in act("uninstall")
        assert ask(known).splitlines()[0] == "False"

    def test_the_start_up_line_of_someone_else_is_left_alone(self, environment: Path, home: Path) -> None:
        def act(*arguments: str) -> str:
            code = f"from ippanel_provider.cli import main; print(main(['apprise', *{arguments!r}]))"
            ended = subprocess.run([environment, "-c", code], capture_output=True, text=True, check=False, timeout=60)
            return ended.stdout.strip() + ended.stderr.strip()

        (site,) = environment.parents[1].glob("lib/*/site-packages")
        other = site / "ippanel-apprise.pth"
        other.write_text("# mine\n")
        assert "someone else" in act("install", "--site")
        assert "Nothing is installed" in act("uninstall")
        assert other.read_text() == "# mine\n"
