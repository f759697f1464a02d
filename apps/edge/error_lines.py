"""Errors of a file by line, as the machine door tells them."""

from typing import Any

from rest_framework import serializers

from apps.edge.page_parts import FileError


class ErrorLineSerializer(serializers.Serializer[Any]):
    """One line that cannot be taken; a kind of file gives the words of its codes."""

    line = serializers.IntegerField(source="line_no")
    code = serializers.CharField()
    column = serializers.CharField(source="field")
    message = serializers.SerializerMethodField()
    got = serializers.CharField()
    wanted = serializers.CharField()
    row = serializers.CharField()

    def get_message(self, error: FileError) -> str:
        """The code in words."""
        return self.words_of(error.code)

    def words_of(self, code: str) -> str:
        """What a code of this kind of file means."""
        raise NotImplementedError
