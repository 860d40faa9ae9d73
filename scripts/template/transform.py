"""Runs the SAM transform on each template of the JSON list on standard input, and prints the list of results."""

import json
import logging
import os
import sys

# The translator needs a region of boto3. It sends no request.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform

logging.disable(logging.WARNING)


class NoManagedPolicies:
    """Replaces the list of managed policies, which the translator would load from IAM."""

    def load(self):
        return {}


def transformed(template):
    for resource in template["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            # `sam deploy` puts the URL of the uploaded package here.
            resource["Properties"]["CodeUri"] = "s3://bucket/package.zip"
    # The translator refuses parameters without values, but any value will do.
    values = {
        name: parameter.get("Default", "SOMETHING") for name, parameter in template.get("Parameters", {}).items()
    }
    return transform(template, values, NoManagedPolicies())


try:
    json.dump([transformed(template) for template in json.load(sys.stdin)], sys.stdout)
except InvalidDocumentException as error:
    sys.exit("\n".join(cause.message for cause in error.causes))
