"""Files and folders of ours, and what another user of the machine may have put there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from pincali_sync.exceptions import ConfigError
from pincali_sync.files import private_folder, trusted_folder, trusted_target, write_private
from tests.support.strangers import Give


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_and_a_new_folder_are_their_owners_alone(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "logs" / "jobs")
    write_private(folder / "pid", "12")
    assert (mode(folder), mode(folder / "pid")) == (0o700, 0o600)


def test_a_folder_that_was_open_to_everybody_is_closed_and_stays_open_to_its_group(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o757)
    private_folder(tmp_path)
    assert mode(tmp_path) == 0o750


def test_a_folder_that_another_user_could_write_into_is_refused(
    tmp_path: Path, give_to_a_stranger: Give
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o1777)
    with pytest.raises(ConfigError, match="another user could put files into"):
        trusted_folder(tmp_path / "open")
    (tmp_path / "link").symlink_to(tmp_path)
    assert trusted_folder(tmp_path / "link")
    (tmp_path / "theirs").mkdir()
    for place in ("theirs", "link"):
        give_to_a_stranger(tmp_path / place)
        for make in (trusted_folder, private_folder):
            with pytest.raises(ConfigError, match="another user could put files into"):
                make(tmp_path / place)
            if place == "link":
                with pytest.raises(ConfigError, match="another user could put files into"):
                    make(tmp_path / place / "below")


def test_what_cannot_be_written_to_its_end_leaves_the_file_as_it_was_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "passwords"
    write_private(place, "old")
    place.chmod(0o640)

    def is_full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", is_full)
        with pytest.raises(OSError, match="No space left"):
            write_private(place, "new")
    assert (place.read_text(), list(tmp_path.iterdir())) == ("old", [place])
    write_private(place, "new")
    assert (place.read_text(), mode(place)) == ("new", 0o640)


def test_a_link_in_the_place_of_a_file_of_ours_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "lock").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic link"):
        write_private(tmp_path / "lock", "12")
    assert victim.read_text() == "untouched"


def test_a_file_that_another_user_left_is_not_written_into(
    tmp_path: Path, give_to_a_stranger: Give
) -> None:
    (tmp_path / "password").write_text("theirs")
    give_to_a_stranger(tmp_path / "password")
    with pytest.raises(PermissionError, match="another user's file"):
        write_private(tmp_path / "password", "ours")
    assert "ours" not in (tmp_path / "password").read_text()


def test_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    with pytest.raises(OSError, match="No such device"):
        write_private(tmp_path / "log", "x")


def test_a_path_leads_through_links_of_ours_as_it_always_did(tmp_path: Path) -> None:
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "short").symlink_to("data/deep")
    (tmp_path / "data" / "deep" / "file").symlink_to("../../there")
    for path in ("short/file", "short/../new", "short/./x", "data/deep", "nowhere/y"):
        assert trusted_target(tmp_path / path) == (tmp_path / path).resolve()


def test_a_path_through_another_users_link_is_refused(
    tmp_path: Path, give_to_a_stranger: Give
) -> None:
    (tmp_path / "victim").mkdir()
    for link in ("ours", "theirs"):
        (tmp_path / link).symlink_to(tmp_path / "victim")
    (tmp_path / "ours-to-theirs").symlink_to("theirs")
    give_to_a_stranger(tmp_path / "theirs")
    for path in ("theirs", "theirs/file", "ours-to-theirs/file"):
        with pytest.raises(PermissionError, match="another user's link"):
            trusted_target(tmp_path / path)


def test_links_that_lead_in_a_circle_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")
    with pytest.raises(OSError, match="symbolic links"):
        trusted_target(tmp_path / "one" / "file")
